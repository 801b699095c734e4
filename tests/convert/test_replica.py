"""A conversion that waits for a replica: a real standby whose replay is held up."""

import time
from collections.abc import Iterator
from threading import Thread

import psycopg
import pytest
from sqlalchemy import URL

from db import convert, migrate
from db.rights import StandbyError, require_at
from tests.convert import legacy
from tests.convert.legacy import CHAIN, ROWS
from tests.support.databases import DatabaseServer, connection
from tests.support.streaming import Streaming, programs_of, streaming

_LIMIT_S = 1.5
_BEHIND = f"a replica is more than {_LIMIT_S:g} s behind"


@pytest.fixture(scope="module")
def pair(server: DatabaseServer) -> Iterator[Streaming]:
    """A primary and a standby on the programs of the server under test."""
    with streaming(programs_of(server)) as started:
        yield started


@pytest.fixture
def chain(pair: Streaming) -> Iterator[URL]:
    """The primary's database with the legacy chain, replayed by the standby."""
    with connection(pair.primary) as session:
        legacy.create(session)
        yield pair.primary
        session.execute(
            "DROP TABLE option_chain_snapshots; DROP SCHEMA IF EXISTS oi_convert, oi_convert_old, "
            "oi_convert_new CASCADE; DROP ROLE IF EXISTS oi_test_owner"
        )


class _Conversion(Thread):
    """A throttled conversion in a thread of its own; its error is kept for the test."""

    def __init__(self, url: URL) -> None:
        super().__init__(daemon=True)
        self.url, self.error, self.notes = url, None, set()

    def run(self) -> None:
        options = convert.RunOptions(
            window_rows=100, throttle=convert.Throttle(rows_per_s=300, max_lag_s=_LIMIT_S)
        )
        try:
            convert.run(self.url, legacy.conversion(), options=options, on_progress=self._progress)
        except convert.ConversionError as error:
            self.error = error

    def _progress(self, progress: convert.Progress) -> None:
        self.notes.add(progress.note)

    def until(self, waits: bool) -> convert.Report:
        """The report once the conversion waits, or no longer does."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for report in convert.report(self.url):
                if (report.waiting_for is not None) == waits and report.rows_copied:
                    return report
            assert self.error is None, self.error
            time.sleep(0.05)
        raise AssertionError(f"it never was {'waiting' if waits else 'going on'}")


def test_a_conversion_waits_while_a_replica_replays_nothing_and_goes_on_later(
    pair: Streaming, chain: URL
) -> None:
    running = _Conversion(chain)
    with connection(pair.standby) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        running.start()

        waiting = running.until(True)
        time.sleep(1.5)
        still = running.until(True)
        standby.execute("SELECT pg_wal_replay_resume()")
        running.until(False)
        convert.adjust(chain, CHAIN, throttle=convert.Throttle())
        running.join(60)

        assert waiting.waiting_for == _BEHIND
        assert still.rows_copied == waiting.rows_copied < ROWS
        assert f"waiting: {_BEHIND}" in running.notes
        assert running.error is None
        (report,) = convert.report(chain)
        assert (report.phase, report.rows_copied, report.waiting_for) == ("swapped", ROWS, None)
        steps = [event["step"] for event in report.events]
        assert steps.index("waiting") < steps.index("going on")
        _wait_for(standby, "SELECT count(*) FROM option_chain_snapshots", ROWS)


def test_a_standby_is_told_from_its_primary(pair: Streaming, chain: URL) -> None:
    with connection(pair.standby) as standby:
        _wait_for(standby, "SELECT count(*) FROM option_chain_snapshots", ROWS)
    with pytest.raises(StandbyError, match="run this on its primary"):
        migrate.upgrade(pair.standby)
    with pytest.raises(StandbyError):
        require_at(pair.standby, "convert", CHAIN)
    # looking changes nothing
    assert convert.plan(pair.standby, legacy.conversion()).sample_rows_per_s is None


def test_a_replica_that_applies_late_by_order_is_waited_for(pair: Streaming, chain: URL) -> None:
    with connection(pair.standby) as standby:
        standby.execute("ALTER SYSTEM SET recovery_min_apply_delay = '1h'")
        standby.execute("SELECT pg_reload_conf()")
        try:
            _wait_for(standby, "SHOW recovery_min_apply_delay", "1h")
            running = _Conversion(chain)
            running.start()
            assert running.until(True).waiting_for == _BEHIND
        finally:
            standby.execute("ALTER SYSTEM RESET recovery_min_apply_delay")
            standby.execute("SELECT pg_reload_conf()")
        running.until(False)
        convert.adjust(chain, CHAIN, throttle=convert.Throttle())
        running.join(60)
        assert running.error is None


def test_a_role_that_may_not_see_the_replicas_is_told_what_to_do(
    pair: Streaming, chain: URL
) -> None:
    with connection(chain) as session:
        session.execute(
            """
            CREATE ROLE oi_test_owner LOGIN;
            ALTER TABLE option_chain_snapshots OWNER TO oi_test_owner;
            GRANT CREATE ON DATABASE chain TO oi_test_owner;
            GRANT CREATE ON SCHEMA public TO oi_test_owner;
            """
        )
        running = _Conversion(chain.set(username="oi_test_owner"))
        running.start()
        running.join(60)

        assert "GRANT pg_monitor TO oi_test_owner" in str(running.error)
        session.execute("GRANT pg_monitor TO oi_test_owner")
        again = _Conversion(running.url)
        again.start()
        again.join(60)

        assert again.error is None
        assert legacy.is_hypertable(session)
        session.execute("DROP OWNED BY oi_test_owner CASCADE")
        session.execute("CREATE TABLE option_chain_snapshots ()")


def _wait_for(session: psycopg.Connection, query: str, value: object) -> None:
    deadline = time.monotonic() + 60
    while session.execute(query).fetchone() != (value,):
        assert time.monotonic() < deadline, query
        time.sleep(0.1)
