"""Slow statements with their plans, and what happens where nothing is counted."""

import pytest
from sqlalchemy import Engine

from db.advice.statements import StatisticsMissingError, parsed_log
from tests.advice.conftest import Look, execute


def test_a_statement_over_the_threshold_is_shown_with_its_plan(engine: Engine, look: Look) -> None:
    execute(engine, "SELECT pg_sleep(0.05), count(*) FROM readings WHERE room = 'room 3'")
    [slow] = [
        s for s in look("slow", "--threshold-ms", "50")["statements"] if "room" in s["statement"]
    ]
    assert slow["calls"] == 1
    assert slow["max_ms"] >= 50
    assert slow["plan"]["Node Type"] == "Aggregate"
    assert "room = $2" in look.text("slow", "--threshold-ms", "50")


def test_nothing_slow_is_said_in_one_line(look: Look) -> None:
    assert "No statement has taken 60000 ms." in look.text("slow", "--threshold-ms", "60000")


def test_missing_statistics_are_named_with_the_remedy(engine: Engine, look: Look) -> None:
    execute(engine, "DROP EXTENSION pg_stat_statements")
    with pytest.raises(StatisticsMissingError, match="CREATE EXTENSION pg_stat_statements"):
        look.text("slow")


def test_plans_are_read_from_auto_explains_log() -> None:
    log = (
        "2026-01-05 10:00:00.000 UTC [7] LOG:  duration: 1234.567 ms  plan:\n"
        "\tQuery Text: SELECT count(*)\n"
        "\tFROM readings;\n"
        "\tAggregate  (cost=1.00..2.00 rows=1 width=8)\n"
        "\t  ->  Seq Scan on readings  (cost=0.00..1.00 rows=9 width=0)\n"
        "2026-01-05 10:00:01.000 UTC [7] LOG:  checkpoint starting\n"
    )
    [plan] = parsed_log(log)
    assert plan.duration_ms == 1234.567
    assert plan.statement == "SELECT count(*)\nFROM readings;"
    assert (
        plan.plan.splitlines()[1] == "  ->  Seq Scan on readings  (cost=0.00..1.00 rows=9 width=0)"
    )
