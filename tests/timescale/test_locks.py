"""DDL gives way: it waits a moment, lets others through, and tries again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from db.timescale.errors import LockNotAvailableError, TimescaleError
from db.timescale.locks import LockPolicy, with_lock_retries
from tests.timescale.project import Project

QUICK = LockPolicy(timeout_ms=50, patience_s=0.3)


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        yield connection


@contextmanager
def held(url: URL, table: str, mode: str = "ACCESS EXCLUSIVE") -> Iterator[Connection]:
    with connected(url) as holder:
        holder.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
        yield holder
        holder.rollback()


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_a_lock_that_stays_taken_is_one_clear_error(empty_database: URL, isolation: str) -> None:
    with connected(empty_database) as connection:
        connection.execute(text("CREATE TABLE t (a int)"))
        connection.commit()
    with held(empty_database, "t"), connected(empty_database) as waiting:
        waiting = waiting.execution_options(isolation_level=isolation)
        add = text("ALTER TABLE t ADD COLUMN b int")
        with pytest.raises(
            LockNotAvailableError, match=r"nothing was changed\. Locks are held by server process"
        ):
            with_lock_retries(waiting, lambda: waiting.execute(add), QUICK)
        # the session itself goes on, with the settings it had
        assert waiting.execute(text("SHOW lock_timeout")).scalar() == "0"


def test_a_lock_that_is_given_up_is_taken(empty_database: URL) -> None:
    with connected(empty_database) as connection:
        connection.execute(text("CREATE TABLE t (a int)"))
        connection.commit()
        attempts = []
        with held(empty_database, "t") as holder:

            def attempt() -> None:
                attempts.append(1)
                if len(attempts) == 2:
                    holder.rollback()
                connection.execute(text("ALTER TABLE t ADD COLUMN b int"))

            with_lock_retries(connection, attempt, LockPolicy(timeout_ms=50, patience_s=30))
        assert len(attempts) >= 2
        connection.commit()
        assert connection.execute(text("SELECT b FROM t")).all() == []


def test_an_autovacuum_in_the_way_is_cancelled_by_a_superuser(empty_database: URL) -> None:
    with connected(empty_database) as connection:
        before = connection.execute(text("SHOW deadlock_timeout")).scalar()

        def waits_before_it_looks() -> object:
            return connection.execute(text("SHOW deadlock_timeout")).scalar()

        # the server cancels it when a waiting session looks for deadlocks, within lock_timeout
        assert with_lock_retries(connection, waits_before_it_looks, LockPolicy(40)) == "10ms"
        assert waits_before_it_looks() == before
        connection.execute(text("SET ROLE pg_monitor"))
        assert with_lock_retries(connection, waits_before_it_looks, LockPolicy(40)) == before


def test_a_deadlock_is_tried_again(empty_database: URL) -> None:
    with connected(empty_database) as connection:
        connection.execute(text("CREATE TABLE a (x int); CREATE TABLE b (x int)"))
        connection.commit()
        attempts = []
        with held(empty_database, "b") as other:

            def ask_for_a() -> None:
                other.execute(text("LOCK TABLE a"))
                other.rollback()

            def attempt() -> None:
                attempts.append(1)
                connection.execute(text("LOCK TABLE a"))
                if len(attempts) == 1:
                    asking.start()
                    _wait_until_waiting(connection)
                connection.execute(text("LOCK TABLE b"))

            asking = threading.Thread(target=ask_for_a)
            with_lock_retries(connection, attempt, LockPolicy(timeout_ms=800, patience_s=30))
            asking.join()
        assert len(attempts) >= 2


def _wait_until_waiting(connection: Connection) -> None:
    query = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass)"
    )
    while not connection.execute(query).scalar():
        time.sleep(0.01)


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_a_chunk_that_a_job_drops_meanwhile_is_tried_again(
    empty_database: URL, isolation: str
) -> None:
    """The server goes through the chunks of a hypertable as it found them when it began."""
    gone = [text('SELECT FROM _timescaledb_internal."_hyper_1_7_chunk"')]
    with connected(empty_database) as connection:
        trying = connection.execution_options(isolation_level=isolation)

        def attempt() -> object:
            return trying.execute(gone.pop() if gone else text("SELECT 5")).scalar()

        assert with_lock_retries(trying, attempt, QUICK) == 5


def test_a_right_that_another_gives_in_the_same_moment_is_tried_again(empty_database: URL) -> None:
    with connected(empty_database) as ours, connected(empty_database) as other:
        ours.execute(text("CREATE TABLE a (x int)"))
        ours.commit()
        other.execute(text("GRANT INSERT ON a TO pg_monitor"))
        us = ours.execute(text("SELECT pg_backend_pid()")).scalar()

        def let_through() -> None:
            waits = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = :us)")
            while not other.execute(waits, {"us": us}).scalar():
                time.sleep(0.01)
            other.commit()

        attempts = []

        def attempt() -> None:
            attempts.append(1)
            ours.execute(text("GRANT SELECT ON a TO pg_monitor"))

        letting = threading.Thread(target=let_through)
        letting.start()
        with_lock_retries(ours, attempt, LockPolicy(timeout_ms=30_000, patience_s=60))
        letting.join()
        held_rights = text(
            "SELECT count(*) FROM unnest(ARRAY['SELECT', 'INSERT']) AS wanted "
            "WHERE has_table_privilege('pg_monitor', 'a', wanted)"
        )
        assert (len(attempts), ours.execute(held_rights).scalar()) == (2, 2)


def test_other_errors_are_not_tried_again(empty_database: URL) -> None:
    attempts = []

    with connected(empty_database) as connection:

        def attempt() -> None:
            attempts.append(1)
            connection.execute(text("ALTER TABLE nowhere ADD COLUMN b int"))

        with pytest.raises(ProgrammingError):
            with_lock_retries(connection, attempt, QUICK)
    assert attempts == [1]


def test_statement_timeout_is_off_only_where_named(empty_database: URL) -> None:
    with connected(empty_database) as connection:
        connection.execute(text("SET statement_timeout = '7s'"))

        def timeout() -> object:
            return connection.execute(text("SHOW statement_timeout")).scalar()

        assert with_lock_retries(connection, timeout, QUICK) == "7s"
        assert with_lock_retries(connection, timeout, QUICK, unlimited=True) == "0"
        assert timeout() == "7s"


def test_a_migration_others_wait_for_gives_way_and_is_run_again(project: Project) -> None:
    project.execute("CREATE TABLE a (x int); CREATE TABLE b (x int)")
    project.write(
        'op.add_column("a", sa.Column("y", sa.Integer))\n'
        'op.add_column("b", sa.Column("y", sa.Integer))',
        "pass",
    )
    read_a = threading.Event()

    def read() -> None:
        # waits for the migration's lock on a, holding what the migration wants of b
        with held(project.url, "b", "ACCESS SHARE") as reader:
            holding.set()
            while not reader.execute(
                text("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'a'::regclass)")
            ).scalar():
                time.sleep(0.01)
            reader.execute(text("SELECT * FROM a"))
            read_a.set()

    holding = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    holding.wait(10)
    project.upgrade()
    reader.join()
    assert read_a.is_set()
    assert project.rows("SELECT a.y, b.y FROM a, b") == []


@pytest.mark.parametrize("value", [0, -1, "100 ms"])
def test_a_timeout_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(TimescaleError, match="timescale_lock_timeout_ms must be a positive"):
        LockPolicy.from_options({"timescale_lock_timeout_ms": value})


@pytest.mark.parametrize(
    "build",
    [
        'op.create_index("t_a", "t", ["a"], postgresql_concurrently=True)',
        'op.execute("CREATE INDEX CONCURRENTLY t_a ON t (a)")',
    ],
)
def test_alembics_own_concurrent_build_may_wait_for_old_transactions(
    project: Project, build: str
) -> None:
    project.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    project.write(f"with op.get_context().autocommit_block():\n    {build}", "pass")
    with held(project.url, "t", "ROW EXCLUSIVE") as writer:
        let_go = threading.Timer(1.0, writer.rollback)
        let_go.start()
        project.upgrade()
        let_go.join()
    assert project.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == [
        (True,)
    ]
