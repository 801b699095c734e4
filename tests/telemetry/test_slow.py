"""What takes long is said in the log by its name: not too often, with its plan where wanted."""

import logging

import pytest
from sqlalchemy import Engine

from app.desk.paper.reading import EngineBooks
from app.telemetry.slow import SlowLog
from app.telemetry.timing import Operation

SLOW = Operation("query", "summary.summary", 1.5, size=41)


def test_what_takes_longer_than_a_second_is_said_once_in_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    slow = SlowLog(1.0, clock=lambda: now[0])
    slow([SLOW, SLOW, SLOW._replace(duration_s=0.9), Operation("age", "chain NSE", 99.0)])
    now[0] = 11.0
    slow([SLOW, Operation("route", "GET /", 2.0, failed=True)])
    assert [record.getMessage() for record in caplog.records] == [
        "slow statement summary.summary: 1.50 s, 41 rows",
        "slow statement summary.summary: 1.50 s, 41 rows, and 1 more",
        "slow request GET /: 2.00 s, failed",
    ]


def test_the_plan_of_a_slow_statement_follows_once(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    slow = SlowLog(1.0, EngineBooks(engine).newest, clock=lambda: now[0])
    slow([SLOW, SLOW._replace(name="unnamed select")])
    now[0] = 11.0
    slow([SLOW])
    said = [record.getMessage() for record in caplog.records if "plan" in record.getMessage()]
    assert len(said) == 2
    assert "plan of summary.summary:\n" in said[0]
    assert "cost=" in said[0]
    assert said[1].startswith("no plan of unnamed select: There is no statement")
    assert caplog.records[0].levelno == logging.WARNING
