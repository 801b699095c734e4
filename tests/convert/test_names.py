"""Names of any kind, and tables of one name in two schemas."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import TIMESTAMP, URL, Column, Index, Integer, MetaData, Table

from db import convert
from db.convert import Phase, RunOptions, facts, request
from db.convert.session import connect
from db.timescale.specs import INFO_KEY, HypertableSpec, declare
from tests.support.databases import connection

NAMES = [
    ("public", "Chain Rows", 'At "all" times', "price (INR), paid"),
    ("Select", "order", "user", "group"),
    ("ünder score", "o'clock; --", "at \\ once", "{x}"),
    ("s" * 63, "t" * 63, "c" * 63, "d" * 63),
]


def declaration(schema: str, name: str, time: str, key: str) -> MetaData:
    metadata = MetaData()
    table = Table(
        name,
        metadata,
        Column(key, Integer),
        Column(time, TIMESTAMP),
        schema=None if schema == "public" else schema,
    )
    Index(f"{name[:50]} key", table.c[key], table.c[time].desc(), unique=True)
    declare(
        metadata,
        HypertableSpec(table=table.key, time_column=time, chunk_interval=timedelta(days=1)),
    )
    return metadata


def make(session: psycopg.Connection, schema: str, name: str, time: str, key: str) -> None:
    session.execute(
        sql.SQL(
            """
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE {table} (
                id serial PRIMARY KEY, {time} timestamp NOT NULL, {key} int NOT NULL,
                UNIQUE ({time}, {key})
            );
            INSERT INTO {table} ({time}, {key})
            SELECT '2026-11-20'::timestamp + n * INTERVAL '1 hour', n FROM generate_series(1, 90) n
            """
        ).format(
            schema=sql.Identifier(schema),
            table=sql.Identifier(schema, name),
            time=sql.Identifier(time),
            key=sql.Identifier(key),
        )
    )


def asked(url: URL, metadata: MetaData, schema: str, name: str):
    quoted = sql.Identifier(schema, name).as_string(None)
    with connect(url) as own:
        return request.from_declaration(metadata, facts.named(own, quoted))


def rows(session: psycopg.Connection, schema: str, name: str) -> list[tuple]:
    query = sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(schema, name))
    return session.execute(query).fetchall()


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[1][:11])
def test_names_of_any_kind_convert_and_come_back(
    empty_database: URL, names: tuple[str, str, str, str]
) -> None:
    schema, name, _, _ = names
    with connection(empty_database) as session:
        make(session, *names)
        before = rows(session, schema, name)
        conversion = asked(empty_database, declaration(*names), schema, name)
        assert convert.plan(empty_database, conversion).obstacles == ()

        assert convert.run(empty_database, conversion).phase is Phase.SWAPPED
        assert rows(session, schema, name) == before
        convert.undo(empty_database, sql.Identifier(schema, name).as_string(None))
        assert rows(session, schema, name) == before
        assert convert.run(empty_database, conversion).phase is Phase.SWAPPED
        convert.finish(empty_database, conversion.spec.table)
        convert.run(empty_database, conversion, direction="to_plain")
        assert rows(session, schema, name) == before


def test_a_percent_sign_in_a_name_is_refused_ahead(empty_database: URL) -> None:
    with connection(empty_database) as session:
        make(session, "public", "rate", "at", "100%")
    conversion = asked(
        empty_database, declaration("public", "rate", "at", "100%"), "public", "rate"
    )
    (obstacle,) = convert.plan(empty_database, conversion).obstacles
    assert obstacle == "The driver takes a % in a name for its own (100%); rename it."


def test_two_schemas_with_a_table_of_one_name_keep_theirs_apart(empty_database: URL) -> None:
    with connection(empty_database) as session:
        before = {}
        for schema in ("public", "other"):
            make(session, schema, "chain", "at", "k")
            session.execute(
                sql.SQL("DELETE FROM {} WHERE k > %s").format(sql.Identifier(schema, "chain")),
                [90 if schema == "public" else 50],
            )
            before[schema] = rows(session, schema, "chain")
        ours, other = (
            asked(empty_database, declaration(schema, "chain", "at", "k"), schema, "chain")
            for schema in ("public", "other")
        )
        convert.run(empty_database, ours)
        convert.run(empty_database, other, options=RunOptions(rehearsal=True))
        convert.run(empty_database, other)
        convert.finish(empty_database, "other.chain")
        convert.undo(empty_database, "public.chain")

        assert {schema: rows(session, schema, "chain") for schema in before} == before
        assert (
            session.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname ~ '^oi_convert_(new|old)_'"
            ).fetchall()
            == []
        )
        assert session.execute(
            "SELECT hypertable_schema FROM timescaledb_information.hypertables"
        ).fetchall() == [("other",)]


def test_public_needs_no_saying(empty_database: URL) -> None:
    """Whichever of both the declaration and whoever asks use."""
    with connection(empty_database) as session:
        make(session, "public", "chain", "at", "k")
    for named in ("chain", "public.chain"):
        metadata = declaration("public", "chain", "at", "k")
        (spec,) = metadata.info.pop(INFO_KEY)
        declare(metadata, replace(spec, table=named))
        for typed in ("chain", "public.chain"):
            with connect(empty_database) as own:
                found = request.from_declaration(metadata, facts.named(own, typed))
            assert [key.name for key in found.unique_keys] == ["chain key"]
            assert convert.plan(empty_database, found).obstacles == ()
