"""SQL is put together from quoted parts only."""

from datetime import timedelta

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from db.timescale.sqltext import (
    Fragment,
    Relation,
    compose,
    dollar_quoted,
    ident,
    interval,
    literal,
    named_statements,
    relation,
)


def test_a_plain_string_never_reaches_a_statement() -> None:
    with pytest.raises(TypeError, match="table is a plain string"):
        compose("DROP TABLE {table}", table="x; DROP TABLE y")


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("t", "t"),
        ("s.t", "s.t"),
        ("S.T", '"S"."T"'),
        ('a"b', '"a""b"'),
        ("select", '"select"'),
        ("5%", '"5%"'),
    ],
)
def test_relations_are_quoted_where_needed(name: str, quoted: str) -> None:
    assert relation(name) == quoted


@pytest.mark.parametrize(
    ("printed", "relation"),
    [
        ("t", ("public", "t")),
        ("s.t", ("s", "t")),
        ('"A b"."c.d"', ("A b", "c.d")),
        ('s."say ""so"""', ("s", 'say "so"')),
    ],
)
def test_a_relation_is_read_as_postgresql_prints_it(
    printed: str, relation: tuple[str, str]
) -> None:
    assert Relation.quoted(printed) == relation


def test_values_come_back_from_the_server_as_they_were(empty_database: URL) -> None:
    values = ["it's", "back\\slash", "100 %", ":name", "{brace}", 7, 1.5, True, None]
    spans = [
        timedelta(days=1),
        timedelta(days=30, hours=2, microseconds=7),
        timedelta(minutes=-5),
        timedelta(0),
    ]
    with create_engine(empty_database, poolclass=NullPool).connect() as connection:
        for value, fragment in [
            *((v, literal(v)) for v in values),
            *((s, interval(s)) for s in spans),
            ({"a": [1, "x'"]}, literal({"a": [1, "x'"]})),
        ]:
            found = connection.exec_driver_sql(
                compose("SELECT {value}", value=fragment), execution_options={"no_parameters": True}
            ).scalar()
            assert (float(found) if isinstance(value, float) else found) == value
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_a_value_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="no SQL literal for object"):
        literal(object())


def test_dollar_quotes_do_not_end_early() -> None:
    body = "a $body$ b $body_$ c"
    quoted = dollar_quoted(body)
    tag = quoted.split("a ", 1)[0]
    assert quoted == f"{tag}{body}{tag}"
    assert tag not in body


def test_slots_inside_a_part_stay_as_they_are() -> None:
    assert compose("{a} {b}", a=Fragment("{b}"), b=ident("c")) == "{b} c"


def test_named_statements_lose_their_comments_but_no_statement() -> None:
    statements = named_statements("db.timescale.sql", "hypertable.sql")
    assert statements["set_chunk_interval"] == "SELECT set_chunk_time_interval({table}, {interval})"
    assert set(statements) >= {"create", "add_dimension", "add_constraint", "add_index"}
