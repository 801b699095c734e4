"""Reads are shared by replicas that are near enough, and by the primary where none is."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from benchmarks.chaos.wire import wire
from db.engine import engine_for
from db.errors import DatabaseUnavailableError
from db.replicas import Replicas, Track
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.support.streaming import Streaming, programs_of, streaming
from tests.support.waiting import eventually

SETTINGS = Settings(connect_timeout_s=2, statement_timeout_s=2)
_WHERE = text("SELECT pg_is_in_recovery()")
_NEWEST = text("SELECT coalesce(max(id), 0) FROM mark")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_replica_is_as_far_behind_as_what_it_lacks_is_old() -> None:
    clock = Clock()
    track = Track(clock)
    for second, position in enumerate((10, 20, 20, 30)):
        clock.now_s = second
        assert track.saw(position)
    clock.now_s = 5.0
    assert [track.behind_s(position) for position in (30, 35, 25, 10)] == [0.0, 0.0, 2.0, 4.0]


def test_nobody_knows_how_far_behind_it_is_until_the_primary_was_asked() -> None:
    track = Track(Clock())
    assert track.behind_s(10) is None
    track.has_failed = True
    assert track.behind_s(10) == 0.0


def test_a_log_that_another_server_goes_on_with_is_tracked_anew() -> None:
    track = Track(Clock())
    assert track.saw(30)
    assert not track.saw(20)
    assert track.behind_s(20) == 0.0


@contextmanager
def a_pair(server: DatabaseServer) -> Iterator[Streaming]:
    with streaming(programs_of(server)) as pair:
        with connection(pair.primary) as session:
            session.execute("CREATE TABLE mark (id int)")
        eventually(lambda: _has_table(pair))
        yield pair


def _has_table(pair: Streaming) -> bool:
    with connection(pair.standby) as session:
        return session.execute("SELECT to_regclass('mark')").fetchone() != (None,)


@contextmanager
def reads(pair: Streaming, most_s: float = 0.5) -> Iterator[Replicas]:
    """The standby counts twice, so that there is something to balance."""
    primary = engine_for(pair.primary, settings=SETTINGS, read_only=True)
    engines = [engine_for(pair.standby, settings=SETTINGS, read_only=True) for _ in range(2)]
    with closing(Replicas(primary, engines, most_s)) as found:
        found.start()
        eventually(lambda: found.near == 2)
        yield found
    primary.dispose()


@pytest.fixture(scope="module")
def pair(server: DatabaseServer) -> Iterator[Streaming]:
    with a_pair(server) as started:
        yield started


def is_replica(session: Connection) -> bool:
    return bool(session.scalar(_WHERE))


def test_reads_are_spread_over_the_replicas(pair: Streaming) -> None:
    with reads(pair) as shared, shared.connected() as one, shared.connected() as two:
        assert is_replica(one)
        assert is_replica(two)
        assert one.engine is not two.engine


def test_a_replica_that_falls_behind_is_left_out_until_it_has_caught_up(pair: Streaming) -> None:
    with reads(pair) as shared, connection(pair.standby) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        try:
            with connection(pair.primary) as session:
                session.execute("INSERT INTO mark VALUES (1)")
            eventually(lambda: shared.near == 0)
            with shared.connected() as session:
                assert not is_replica(session)
        finally:
            standby.execute("SELECT pg_wal_replay_resume()")
        eventually(lambda: shared.near == 2)


def test_nobody_is_shown_less_of_history_than_of_the_present(pair: Streaming) -> None:
    """However short the lag: what the primary has shown is demanded of a replica."""
    primary = engine_for(pair.primary, settings=SETTINGS, read_only=True)
    with reads(pair, most_s=3600.0) as shared, connection(pair.standby) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        try:
            with connection(pair.primary) as session:
                session.execute("INSERT INTO mark VALUES (2)")
            with primary.connect() as newest:
                seen = newest.scalar(_NEWEST)
                shared.saw(newest)
            with shared.connected() as history:
                assert history.scalar(_NEWEST) == seen
                assert not is_replica(history)
        finally:
            standby.execute("SELECT pg_wal_replay_resume()")
        eventually(lambda: _reads_at_replica(shared))
    primary.dispose()


def _reads_at_replica(shared: Replicas) -> bool:
    with shared.connected() as session:
        return is_replica(session)


def test_a_replica_that_is_killed_leaves_its_reads_to_the_primary(server: DatabaseServer) -> None:
    with a_pair(server) as pair, reads(pair) as shared:
        with shared.connected() as session:
            assert is_replica(session)
        pair.kill("standby")
        # its processes end one after the other: until then one may answer, or end in the middle
        eventually(lambda: _reads_at_primary(shared))
        assert not _reads_at_replica(shared)


def _reads_at_primary(shared: Replicas) -> bool:
    with suppress(DatabaseUnavailableError):
        return not _reads_at_replica(shared)
    return False


def test_history_is_read_while_the_primary_is_away(pair: Streaming) -> None:
    with wire("127.0.0.1", pair.primary.port or 0) as line:
        away = replace(pair, primary=pair.primary.set(port=line.port))
        with reads(away) as shared:
            line.cut()
            eventually(lambda: _is_gone(away))
            assert _reads_at_replica(shared)


def _is_gone(pair: Streaming) -> bool:
    engine = engine_for(pair.primary, settings=SETTINGS)
    try:
        engine.connect().close()
    except DatabaseUnavailableError:
        return True
    finally:
        engine.dispose()
    return False
