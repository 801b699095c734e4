"""Advice comes with evidence and a migration that runs; none comes where there is no need."""

from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from db.advice.chunk_interval import chunk_intervals
from db.advice.conditions import compared
from db.advice.missing_index import Candidate, fewest
from db.advice.rollup_candidate import free_name
from tests.advice.conftest import Look, execute
from tests.support.databases import DatabaseServer

SENSITIVE = ("advise", "--threshold-ms", "0", "--least-calls", "1")


def of_kind(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [advice for advice in document["advice"] if advice["kind"] == kind]


def test_a_database_without_slow_statements_gets_no_word(look: Look) -> None:
    assert look.text("advise") == ""


def test_a_search_of_every_row_gets_an_index_that_was_tried(engine: Engine, look: Look) -> None:
    execute(engine, "SELECT count(celsius) FROM readings WHERE room = 'x' AND celsius > 3")
    [advice] = of_kind(look(*SENSITIVE), "missing index")
    assert advice["migration"] == (
        'op.create_chunk_index("readings_room_celsius_idx", "readings", '
        'columns=["room", "celsius"])'
    )
    assert any("HypoPG" in line for line in advice["evidence"])


def test_a_search_that_has_its_index_gets_none(engine: Engine, look: Look) -> None:
    execute(engine, "SELECT celsius FROM readings WHERE device = 3 AND taken_at > now()")
    assert not of_kind(look(*SENSITIVE), "missing index")


def test_grouping_history_by_time_again_and_again_gets_a_rollup(engine: Engine, look: Look) -> None:
    statement = (
        "SELECT time_bucket('1 hour', taken_at), room, avg(celsius) FROM readings GROUP BY 1, 2"
    )
    # a narrow table is cheap to read: what counts is pages a call
    execute(engine, "ALTER TABLE readings ADD COLUMN note text DEFAULT repeat('x', 300)")
    execute(engine, "UPDATE readings SET note = note || 'y'", statement)
    [advice] = of_kind(look(*SENSITIVE), "rollup")
    assert 'group_by=["room"]' in advice["migration"]
    assert '"celsius_avg": "avg(celsius)"' in advice["migration"]


def test_what_a_statement_chooses_rows_by_is_kept_apart_in_its_rollup(
    engine: Engine, look: Look
) -> None:
    execute(
        engine,
        "ALTER TABLE readings ADD COLUMN note text DEFAULT repeat('x', 300)",
        "UPDATE readings SET note = note || 'y'",
        "SELECT time_bucket('1 hour', taken_at), avg(celsius) FROM readings"
        " WHERE room = 'kitchen' GROUP BY 1",
        "SELECT time_bucket('1 hour', taken_at), max(celsius) FROM readings GROUP BY 1",
    )
    advice = of_kind(look(*SENSITIVE), "rollup")
    assert any('group_by=["room"]' in one["migration"] for one in advice)
    names = [one["migration"].split('"')[1] for one in advice]
    assert sorted(names) == ["readings_by_room", "readings_by_time"]


def candidate(*equal: str, ranged: str | None = None) -> Candidate:
    return Candidate(
        statement=cast("Any", None),
        scan=cast("Any", None),
        found=cast("Any", None),
        gain="",
        equal=equal,
        ranged=(ranged,) if ranged else (),
    )


@pytest.mark.parametrize(
    ("wanted", "proposed"),
    [
        ([candidate("a"), candidate("a", "b"), candidate("a", "b", ranged="t")], ["abt"]),
        ([candidate("b"), candidate("a", "b", ranged="t")], ["bat"]),
        ([candidate("a"), candidate("b"), candidate("a", "b", ranged="t")], ["abt", "b"]),
        ([candidate("a", ranged="t"), candidate("b", ranged="t")], ["at", "bt"]),
        ([candidate("b", "a", ranged="t"), candidate("a", "b", ranged="t")], ["bat"]),
    ],
)
def test_the_fewest_indexes_that_serve_all_are_proposed(
    wanted: list[Candidate], proposed: list[str]
) -> None:
    assert ["".join(chosen.columns) for chosen in fewest(wanted)] == proposed


def test_two_rollups_never_get_one_name() -> None:
    assert free_name("t", ["a"], {"t_by_a", "t_by_a_2"}) == "t_by_a_3"
    assert len(free_name("t" * 70, ["a"], ())) < 60


def test_too_many_small_chunks_get_a_longer_interval(engine: Engine) -> None:
    execute(
        engine,
        "CREATE TABLE sparse (taken_at timestamptz NOT NULL, device integer)",
        "SELECT create_hypertable('sparse', 'taken_at', chunk_time_interval => INTERVAL '1 hour')",
        "INSERT INTO sparse SELECT TIMESTAMPTZ '2026-01-05' + n * INTERVAL '10 minutes', n"
        " FROM generate_series(1, 720) AS n",
        "ANALYZE sparse",
    )
    with engine.connect() as connection:
        [advice] = [a for a in chunk_intervals(connection, ()) if a.target == "sparse"]
    assert f"existing={timedelta(hours=1)!r}" in advice.migration
    assert "chunks of 6 rows" in advice.evidence[0]


def test_the_columnstore_is_advised_only_where_the_edition_has_it(
    engine: Engine, look: Look, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.advice.columnstore._LEAST_ROWS", 10_000)
    execute(engine, "SELECT avg(celsius) FROM readings WHERE room = 'room 3'")
    advice = of_kind(look(*SENSITIVE), "columnstore")
    assert len(advice) == (1 if server.edition == "community" else 0)
    for one in advice:
        assert 'segment_by=["room"], order_by=["taken_at DESC"]' in one["migration"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(r.device = $1)", [("device", "=")]),
        ("((r.room = $1) AND (r.celsius >= $2))", [("room", "="), ("celsius", ">=")]),
        ("((r.room)::text = $1)", [("room", "=")]),
        ('(r."Odd Name" < $1)', [("Odd Name", "<")]),
        ("(a.device = b.device)", []),
    ],
)
def test_columns_are_read_from_conditions(condition: str, expected: list[tuple[str, str]]) -> None:
    assert list(compared(condition)) == expected
