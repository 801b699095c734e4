"""Several workers on one table, and a network that drops all their sessions at once."""

import threading
import time

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from db.convert.session import connect, install
from tests.convert import legacy
from tests.convert.legacy import CHAIN, ROWS
from tests.support.databases import connection

_WORKERS = 4
_PHASES = ["preparing", "capturing", "copying", "indexing", "verifying", "ready", "swapped"]
_SESSIONS = """
    SELECT count(*) FILTER (WHERE application_name = 'oi convert worker') AS workers
    FROM pg_stat_activity
    WHERE datname = current_database()
"""
_DROP = """
    SELECT pg_terminate_backend(pid, 5000)
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'oi convert%'
"""
_PHASE = """
    SELECT phase
    FROM oi_convert.conversion
    ORDER BY id DESC
    LIMIT 1
"""


class _Network:
    """Drops every session of the tool at its n-th statement in a phase."""

    def __init__(self, url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url, self.phase, self.left, self.dropped = url, "", 0, 0
        self._lock = threading.Lock()
        original = psycopg.Connection.execute

        def execute(session, query, params=None, **options):
            name = session.info.parameter_status("application_name") if not session.closed else ""
            if (name or "").startswith("oi convert"):
                self._before_statement()
            return original(session, query, params, **options)

        monkeypatch.setattr(psycopg.Connection, "execute", execute)

    def drop_in(self, phase: str, statement: int) -> None:
        self.phase, self.left = phase, statement

    def _before_statement(self) -> None:
        with self._lock:
            if not self.left:
                return
            with connection(self.url) as watching:
                if watching.execute(_PHASE).fetchone() != (self.phase,):
                    return
                self.left -= 1
                if not self.left:
                    watching.execute(_DROP)
                    self.dropped += 1


def test_four_workers_copy_each_window_once(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    before = legacy.checksum(session)
    options = convert.RunOptions(
        workers=_WORKERS, window_rows=10, throttle=convert.Throttle(rows_per_s=150)
    )
    results = []
    running = threading.Thread(
        target=lambda: results.append(
            convert.run(legacy_database, legacy.conversion(), options=options)
        )
    )
    running.start()
    deadline = time.monotonic() + 60
    while session.execute(_SESSIONS).fetchone() != (_WORKERS,):
        assert running.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    convert.adjust(legacy_database, CHAIN, throttle=convert.Throttle())
    running.join(60)

    (result,) = results
    assert result.rows == ROWS
    assert legacy.checksum(session) == before
    (report,) = convert.report(legacy_database)
    assert report.rows_copied == ROWS
    assert report.windows_copied == report.windows_verified == report.windows > _WORKERS
    assert convert.verify(legacy_database, CHAIN) == ROWS


@pytest.mark.parametrize("direction", ["to_hypertable", "to_plain"])
def test_sessions_dropped_in_each_phase_lose_nothing(
    legacy_database: URL,
    session: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    direction: str,
) -> None:
    asked = legacy.conversion()
    options = convert.RunOptions(workers=_WORKERS, window_rows=10)
    if direction == "to_plain":
        convert.run(legacy_database, asked, options=options)
        convert.finish(legacy_database, CHAIN)
    with connect(legacy_database) as installing:
        install(installing)
    before = legacy.checksum(session)
    network = _Network(legacy_database, monkeypatch)

    def run() -> convert.Result:
        return convert.run(
            legacy_database,
            asked,
            direction=direction,  # type: ignore[arg-type]
            options=options,
        )

    for phase in _PHASES:
        network.drop_in(phase, 2)
        with pytest.raises(psycopg.OperationalError):
            run()
        assert network.left == 0, phase
        assert legacy.checksum(session) == before, phase

    assert network.dropped == len(_PHASES)
    assert run().phase is convert.Phase.SWAPPED
    assert legacy.is_hypertable(session) is (direction == "to_hypertable")
    assert legacy.checksum(session) == before
    assert convert.verify(legacy_database, CHAIN) == ROWS


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_foreign_key_of_the_table_and_views_on_views_are_carried(
    legacy_database: URL, session: psycopg.Connection, way: str
) -> None:
    session.execute(
        """
        CREATE TABLE venues (name TEXT PRIMARY KEY);
        INSERT INTO venues VALUES ('NSE'), ('BSE');
        ALTER TABLE option_chain_snapshots
            ADD CONSTRAINT chain_venue_fkey FOREIGN KEY (exchange) REFERENCES venues;
        CREATE VIEW calls AS SELECT * FROM option_chain_snapshots WHERE option_type = 'CE';
        CREATE VIEW newest_call AS SELECT exchange, max(timestamp) AS at FROM calls GROUP BY 1;
        COMMENT ON VIEW newest_call IS 'of each exchange';
        """
    )
    before = legacy.checksum(session)

    convert.run(legacy_database, legacy.conversion())
    if way == "back":
        convert.undo(legacy_database, CHAIN)
    session.execute(legacy.save(legacy.FIRST.replace(year=2026), "NSE", 24050, 8))

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        session.execute(legacy.save(legacy.FIRST, "MCX", 24050, 8))
    assert session.execute(
        "SELECT max(at)::DATE::TEXT, obj_description('newest_call'::REGCLASS) FROM newest_call"
    ).fetchone() == ("2026-12-01", "of each exchange")
    session.execute("DELETE FROM option_chain_snapshots WHERE timestamp >= '2026-01-01'")
    assert legacy.checksum(session) == before
