"""A database of sensor readings, with the engine and the command line that look at it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import URL, Engine, text

from db import engine as engines
from db.command_line import LazyGroup
from db.engine import engine_for

READINGS = """
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE TABLE readings (
    taken_at timestamptz NOT NULL,
    device integer NOT NULL,
    room text NOT NULL,
    celsius double precision
);
SELECT create_hypertable('readings', 'taken_at', chunk_time_interval => INTERVAL '1 day',
                         create_default_indexes => false);
CREATE INDEX readings_device_idx ON readings (device, taken_at DESC);
INSERT INTO readings
SELECT TIMESTAMPTZ '2026-01-05 00:00Z' + n * INTERVAL '5 seconds', n % 500,
       'room ' || n % 7, 20 + n % 9
FROM generate_series(0, 51839) AS n;
ANALYZE readings;
SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database
                                    WHERE datname = current_database()), 0)::text
"""


@pytest.fixture
def engine(empty_database: URL) -> Iterator[Engine]:
    """An engine on 51,840 readings in three chunks of a day, of 500 devices in 7 rooms."""
    made = engine_for(empty_database)
    with made.begin() as connection:
        for statement in READINGS.split(";\n"):
            connection.execute(text(statement))
    yield made
    made.dispose()


class Look:
    """Runs `python -m db COMMAND --json` in this process on the database under test."""

    def __init__(self, group: LazyGroup) -> None:
        self._group = group

    def __call__(self, *arguments: str) -> dict[str, Any]:
        result = CliRunner().invoke(self._group, [*arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    def text(self, *arguments: str) -> str:
        """The same as a person sees it."""
        return CliRunner().invoke(self._group, arguments, catch_exceptions=False).stdout


@pytest.fixture
def look(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Look:
    """The command line, on the engine of this test."""
    from db.cli import group

    monkeypatch.setattr(engines, "direct_engine", lambda: engine)
    return Look(group)


def execute(engine: Engine, *statements: str) -> None:
    """Runs statements, each in a transaction of its own."""
    for statement in statements:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
