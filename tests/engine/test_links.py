"""A link through which nothing comes any more is given up, and the pool finds its way back."""

import socket
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import URL, text

from benchmarks.chaos.wire import Wire
from benchmarks.chaos.wire import wire as wire_to
from db import engine as engines
from db import links
from db.errors import DatabaseUnavailableError
from db.settings import Settings
from tests.support.databases import connection

SETTINGS = Settings(statement_timeout_s=1, link_timeout_s=1, connect_timeout_s=2)


@pytest.fixture
def wire(empty_database: URL) -> Iterator[Wire]:
    with wire_to("127.0.0.1", empty_database.port or 5432) as found:
        yield found


@pytest.fixture
def through(wire: Wire, empty_database: URL) -> URL:
    """The database behind the wire."""
    return empty_database.set(host="127.0.0.1", port=wire.port)


def test_every_link_asks_the_system_to_notice_a_peer_that_vanished(through: URL) -> None:
    with links.connect(through, application_name="test") as link:
        ours = socket.socket(fileno=link.fileno())
        try:
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        finally:
            ours.detach()


def test_the_limits_of_a_pooled_link_come_from_the_settings(through: URL) -> None:
    engine = engines.engine_for(through, settings=SETTINGS)
    with engine.connect() as session:
        ours = socket.socket(fileno=session.connection.driver_connection.fileno())
        try:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000
        finally:
            ours.detach()
    engine.dispose()


def test_an_answer_that_never_comes_is_an_unavailable_database(wire: Wire, through: URL) -> None:
    engine = engines.engine_for(through, settings=SETTINGS, read_only=True)
    with engine.connect() as session:
        session.execute(text("SELECT 1"))
        wire.stall()
        with pytest.raises(DatabaseUnavailableError, match="no answer for 2 s"):
            session.execute(text("SELECT 2"))
    wire.mend()
    with engine.connect() as session:
        assert session.scalar(text("SELECT 3")) == 3
    engine.dispose()


def test_a_pool_of_stalled_links_is_replaced(wire: Wire, through: URL) -> None:
    engine = engines.engine_for(through, settings=SETTINGS, read_only=True)
    with engine.connect() as one, engine.connect() as two:
        for session in (one, two):
            session.execute(text("SELECT 1"))
    wire.stall()
    with pytest.raises(DatabaseUnavailableError), engine.connect():
        pytest.fail("a stalled link was handed out")
    wire.mend()
    with engine.connect() as session:
        assert session.scalar(text("SELECT 2")) == 2
    engine.dispose()


def test_a_writer_may_wait_longer_than_a_reader(wire: Wire, through: URL) -> None:
    engine = engines.engine_for(through, settings=SETTINGS)
    with engine.connect() as session:
        session.execute(text("SET statement_timeout = 0"))
        assert session.scalar(text("SELECT pg_sleep(2.5) IS NOT NULL")) is True
    engine.dispose()


def test_a_link_waits_as_long_as_it_takes_unless_told_otherwise(empty_database: URL) -> None:
    with links.connect(empty_database, application_name="test") as link:
        assert link.execute("SELECT pg_sleep(0.2) IS NOT NULL").fetchone() == (True,)
        link.patience_s = 0.05
        with pytest.raises(psycopg.OperationalError, match=r"no answer for 0\.05 s"):
            link.execute("SELECT pg_sleep(30)")
        assert link.closed


def test_waiting_for_announcements_keeps_its_own_limit(empty_database: URL) -> None:
    with links.connect(empty_database, application_name="test", patience_s=0.05) as link:
        link.execute("LISTEN news")
        assert list(link.notifies(timeout=0.2)) == []
        with connection(empty_database) as other:
            other.execute("NOTIFY news, 'told'")
        (notice,) = link.notifies(timeout=60, stop_after=1)
        assert notice.payload == "told"
