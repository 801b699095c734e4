"""The rollup engine itself: its log, its watermark, what it keeps, and how it is read."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from db.timescale.engine.install import VERSION, install_script, remove_statement
from tests.support.databases import DatabaseServer, connection

MINUTES = {
    "name": "m1",
    "source": "ticks",
    "time_column": "t",
    "bucket": "1 minute",
    "group_by": ["k"],
    "aggregates": [
        {"name": "total", "expression": "sum(v)"},
        {"name": "ticks", "expression": "count(*)"},
    ],
    "chunk_interval": "1 day",
}
HOURS = {
    "name": "h1",
    "source": "m1",
    "time_column": "bucket",
    "bucket": "1 hour",
    "group_by": ["k"],
    "aggregates": [{"name": "total", "expression": "sum(total)"}],
}

UPSERT = "INSERT INTO ticks VALUES (%s, %s, 1) ON CONFLICT (k, t) DO UPDATE SET v = 2"
LOGGED = """
    SELECT to_char(lower(span), 'HH24:MI') FROM timescale_engine.dirty_range ORDER BY span
"""


@pytest.fixture(scope="module")
def url(server: DatabaseServer) -> Iterator[URL]:
    """One database for all tests of a server: each makes its table and the engine anew."""
    with server.database("extension") as url:
        yield url


@pytest.fixture
def session(url: URL) -> Iterator[psycopg.Connection]:
    """A hypertable of one-hour chunks and the engine, in autocommit."""
    with connection(url) as session:
        session.execute("SET client_min_messages = error")
        session.execute("DROP SCHEMA IF EXISTS timescale_engine CASCADE")
        session.execute("DROP TABLE IF EXISTS ticks CASCADE")
        session.execute(
            "CREATE TABLE ticks (k text NOT NULL, t timestamp NOT NULL, v int NOT NULL)"
        )
        session.execute(
            "SELECT create_hypertable('ticks', 't', chunk_time_interval => INTERVAL '1 hour',"
            " create_default_indexes => false)"
        )
        session.execute("CREATE UNIQUE INDEX ON ticks (k, t)")
        install(session)
        yield session


def connect(url: URL) -> psycopg.Connection:
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(conninfo, autocommit=True)


def install(session: psycopg.Connection) -> None:
    session.execute(install_script().encode())


def rollup(session: psycopg.Connection, *specs: dict[str, object]) -> None:
    for spec in specs:
        session.execute("SELECT timescale_engine.create_rollup(%s, false)", (Jsonb(spec),))


def ticks(session: psycopg.Connection, first: str, last: str, step: str = "20 seconds") -> None:
    session.execute(
        "INSERT INTO ticks SELECT k, t, 1 FROM generate_series(%s::timestamp, %s, %s::interval) t,"
        " unnest(ARRAY['a', 'b']) k",
        (first, last, step),
    )


def refresh(session: psycopg.Connection, name: str = "m1") -> None:
    session.execute("CALL timescale_engine.refresh_rollup(%s)", (name,))


def scalar(session: psycopg.Connection, query: str) -> object:
    row = session.execute(query.encode()).fetchone()
    return row[0] if row else None


def rows(session: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return session.execute(query.encode()).fetchall()


def plan(session: psycopg.Connection, query: str) -> str:
    return "\n".join(line for (line,) in rows(session, f"EXPLAIN (COSTS OFF) {query}"))


def test_installing_again_changes_nothing(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    install(session)
    assert rows(session, "SELECT version FROM timescale_engine.version") == [(VERSION,)]
    assert scalar(session, "SELECT count(*) FROM timescale_engine.rollup") == 1


def test_installing_again_keeps_no_writer_waiting(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    with session.transaction():
        install(session)
        held = rows(
            session,
            """
            SELECT l.relation::regclass::text, l.mode
            FROM pg_locks AS l
            JOIN pg_class AS c ON c.oid = l.relation
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE l.pid = pg_backend_pid()
                AND n.nspname <> 'pg_catalog'
                AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
            """,
        )
    assert held == []


def test_a_newer_engine_is_not_replaced(session: psycopg.Connection) -> None:
    session.execute("INSERT INTO timescale_engine.version (version) VALUES (%s)", (VERSION + 1,))
    with pytest.raises(psycopg.Error, match="newer than this program"):
        install(session)


def test_a_rollup_does_not_show_what_row_security_hides(session: psycopg.Connection) -> None:
    session.execute("ALTER TABLE ticks ENABLE ROW LEVEL SECURITY")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="ticks has row security"):
        rollup(session, MINUTES)


def test_the_engine_is_not_removed_under_rollups(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    with pytest.raises(psycopg.Error, match="drop them before"):
        session.execute(remove_statement().encode())
    session.execute("SELECT timescale_engine.drop_rollup('m1')")
    session.execute(remove_statement().encode())
    assert scalar(session, "SELECT to_regnamespace('timescale_engine')") is None
    ticks(session, "2026-01-01 09:00", "2026-01-01 09:01")


def test_a_bulk_load_logs_one_range_an_unbroken_stretch(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    with session.cursor() as cursor, cursor.copy("COPY ticks FROM STDIN") as copy:
        for minute in [*range(10, 20), *range(40, 50)]:
            copy.write_row(("a", f"2026-01-01 09:{minute}:00", 1))
    spans = rows(session, "SELECT lower(span)::text FROM timescale_engine.dirty_range ORDER BY 1")
    assert spans == [("2026-01-01 09:10:00",), ("2026-01-01 09:40:00",)]


def test_a_statement_a_row_logs_an_instant_once(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    with session.transaction():
        for number in range(20):
            session.execute(UPSERT, (str(number), "2026-01-05 09:15:30"))
        session.execute(UPSERT, ("0", "2026-01-05 09:16:30"))
    assert rows(session, LOGGED) == [("09:15",), ("09:16",)]

    with session.transaction():
        session.execute(UPSERT, ("0", "2026-01-05 09:15:30"))
    assert len(rows(session, LOGGED)) > 2, "what was updated is logged"


def test_an_instant_is_logged_again_after_a_savepoint_took_it_back(
    session: psycopg.Connection,
) -> None:
    rollup(session, MINUTES)
    with session.transaction():
        with session.transaction(force_rollback=True):
            session.execute(UPSERT, ("a", "2026-01-05 09:15:30"))
        session.execute(UPSERT, ("b", "2026-01-05 09:15:30"))
    assert rows(session, LOGGED) == [("09:15",)]


def test_an_instant_is_logged_again_after_a_refresh_in_the_same_transaction(
    session: psycopg.Connection,
) -> None:
    rollup(session, MINUTES)
    with session.transaction():
        session.execute(UPSERT, ("a", "2026-01-05 09:15:30"))
        session.execute(UPSERT, ("z", "2026-01-05 09:30:30"))
        session.execute(UPSERT, ("b", "2026-01-05 09:15:30"))
        session.execute("CALL timescale_engine.refresh_rollup('m1', commits => false)")
        session.execute(UPSERT, ("c", "2026-01-05 09:15:30"))
    refresh(session)
    assert scalar(session, "SELECT sum(ticks) FROM m1 WHERE bucket = '2026-01-05 09:15'") == 3


def test_dropped_chunks_do_not_take_history_away(session: psycopg.Connection) -> None:
    rollup(session, MINUTES, HOURS)
    ticks(session, "2026-01-01 09:00", "2026-01-01 12:30")
    refresh(session, "h1")
    before = (
        rows(session, "SELECT * FROM m1 ORDER BY 1, 2"),
        rows(session, "TABLE h1 ORDER BY 1, 2"),
    )
    session.execute("SELECT drop_chunks('ticks', older_than => TIMESTAMP '2026-01-01 12:00')")
    ticks(session, "2026-01-01 09:10:05", "2026-01-01 09:10:06")
    session.execute("CALL timescale_engine.refresh_rollup('h1', '2026-01-01', '2026-01-02')")
    after = rows(session, "SELECT * FROM m1 ORDER BY 1, 2"), rows(session, "TABLE h1 ORDER BY 1, 2")
    assert after == before


def test_truncating_the_source_leaves_what_was_materialized(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    refresh(session)
    session.execute("TRUNCATE ticks")
    refresh(session)
    assert scalar(session, "SELECT sum(ticks) FROM m1") == 2 * 3 * 90
    ticks(session, "2026-01-01 10:31", "2026-01-01 10:31")
    assert scalar(session, "SELECT sum(ticks) FROM m1") == 2 * 3 * 90 + 2


def test_thawed_buckets_follow_the_source_again(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    refresh(session)
    session.execute("TRUNCATE ticks")
    ticks(session, "2026-01-01 09:10", "2026-01-01 09:10")
    refresh(session)
    assert scalar(session, "SELECT sum(ticks) FROM m1 WHERE bucket < '2026-01-01 10:00'") == 360
    session.execute(
        "SELECT timescale_engine.thaw_rollup('m1', '2026-01-01 09:00', '2026-01-01 10:00')"
    )
    refresh(session)
    assert scalar(session, "SELECT sum(ticks) FROM m1 WHERE bucket < '2026-01-01 10:00'") == 2


def test_a_refresh_of_an_empty_window_takes_nothing_from_the_log(
    session: psycopg.Connection,
) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    refresh(session)
    ticks(session, "2026-01-01 09:00:10", "2026-01-01 09:00:10")
    noon = "'2026-01-01 12:00'"
    session.execute(f"CALL timescale_engine.refresh_rollup('m1', {noon}, {noon})".encode())
    assert scalar(session, "SELECT sum(ticks) FROM m1 WHERE bucket = '2026-01-01 09:00'") == 8


def test_nothing_thaws_in_an_empty_window(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    refresh(session)
    session.execute("TRUNCATE ticks")
    refresh(session)
    noon = "'2026-01-01 12:00'"
    session.execute(f"SELECT timescale_engine.thaw_rollup('m1', {noon}, {noon})".encode())
    refresh(session)
    assert scalar(session, "SELECT sum(ticks) FROM m1 WHERE bucket = '2026-01-01 09:00'") == 6


@pytest.mark.parametrize("window", ["NULL, '2026-01-01 10:00'", "'2026-01-01 09:00', NULL"])
def test_a_window_may_lack_an_end(session: psycopg.Connection, window: str) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    refresh(session)
    session.execute("DELETE FROM timescale_engine.m1 WHERE bucket < '2026-01-01 09:50'")
    ticks(session, "2026-01-01 09:00:10", "2026-01-01 09:00:10")
    session.execute(f"CALL timescale_engine.refresh_rollup('m1', {window})".encode())
    told = "SELECT sum(ticks) FROM m1 WHERE bucket < '2026-01-01 10:00'"
    assert scalar(session, told) == 2 * 3 * 60 + 2
    assert scalar(session, "SELECT count(*) FROM timescale_engine.dirty_range") in (0, 1)


def test_a_refresh_leaves_the_open_bucket_and_its_log_alone(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    log = "SELECT array_agg(lower(span)::text ORDER BY span) FROM timescale_engine.dirty_range"
    ticks(session, "2026-01-01 09:00", "2026-01-01 09:01")
    refresh(session)
    ticks(session, "2026-01-01 09:01:30", "2026-01-01 09:01:40", "10 seconds")
    refresh(session)
    assert set(scalar(session, log)) == {"2026-01-01 09:01:00"}
    ticks(session, "2026-01-01 09:00:25", "2026-01-01 09:00:25")
    ticks(session, "2026-01-01 09:02", "2026-01-01 09:02")
    refresh(session)
    assert set(scalar(session, log)) == {"2026-01-01 09:02:00"}
    watermark = "SELECT watermark::text FROM timescale_engine.rollup"
    assert scalar(session, watermark) == "2026-01-01 09:02:00"
    materialized = "SELECT count(*) FROM timescale_engine.m1 WHERE bucket = '2026-01-01 09:01'"
    assert scalar(session, materialized) > 0


def test_a_large_fill_goes_on_where_it_was_killed(session: psycopg.Connection, url: URL) -> None:
    ticks(session, "2026-01-01 00:00", "2026-01-01 08:00", "1 minute")
    rollup(session, MINUTES)
    session.execute("SELECT timescale_engine.refresh_step(1)")
    session.execute("SELECT timescale_engine.refresh_step(1)")
    victim = connect(url)
    victim.execute("BEGIN")
    victim.execute("SELECT timescale_engine.refresh_step(1)")
    session.execute("SELECT pg_terminate_backend(%s, 5000)", (victim.info.backend_pid,))
    victim.close()
    watermark = "SELECT watermark::text FROM timescale_engine.rollup"
    assert scalar(session, watermark) == "2026-01-01 02:00:00"
    assert scalar(session, "SELECT sum(ticks) FROM m1") == 2 * 481
    refresh(session)
    assert scalar(session, watermark) == "2026-01-01 08:00:00"
    assert scalar(session, "SELECT sum(ticks) FROM m1") == 2 * 481


def test_a_read_opens_one_chunk_a_side(session: psycopg.Connection) -> None:
    ticks(session, "2026-01-01 00:00", "2026-01-02 16:30", "30 minutes")
    rollup(session, MINUTES, HOURS)
    refresh(session, "h1")
    past = plan(
        session,
        "SELECT * FROM m1 WHERE k = 'a' AND bucket >= '2026-01-01 09:00'"
        " AND bucket < '2026-01-01 10:00'",
    )
    assert len(chunks(past)) == 1
    now = plan(session, "SELECT * FROM m1 WHERE k = 'a' AND bucket >= '2026-01-02 16:00'")
    assert len(chunks(now)) == 2
    day = plan(session, "SELECT * FROM h1 WHERE k = 'a' AND bucket >= '2026-01-02'")
    assert len(chunks(day)) == 3


def chunks(text: str) -> set[str]:
    return set(re.findall(r"_hyper_\d+_\d+_chunk", text))


def test_rows_of_a_writer_that_commits_after_a_refresh_are_taken_by_the_next(
    session: psycopg.Connection, url: URL
) -> None:
    rollup(session, MINUTES)
    ticks(session, "2026-01-01 09:00", "2026-01-01 09:10")
    with connection(url) as writer, writer.transaction():
        ticks(writer, "2026-01-01 09:05:01", "2026-01-01 09:05:02")
        refresh(session)
    assert (
        scalar(session, "SELECT ticks FROM m1 WHERE bucket = '2026-01-01 09:05' AND k = 'a'") == 3
    )
    refresh(session)
    assert (
        scalar(session, "SELECT ticks FROM m1 WHERE bucket = '2026-01-01 09:05' AND k = 'a'") == 4
    )


def test_a_cached_plan_misses_nothing_after_refreshes_new_chunks_and_drops(
    session: psycopg.Connection, url: URL
) -> None:
    rollup(session, MINUTES, HOURS)
    ticks(session, "2026-01-01 09:00", "2026-01-01 10:30")
    with connection(url) as reader:
        reader.execute("SET plan_cache_mode = force_generic_plan")
        reader.execute("PREPARE minutes AS SELECT sum(ticks) FROM m1")
        reader.execute("PREPARE hours AS SELECT sum(total) FROM h1")

        def totals() -> set[object]:
            return {scalar(reader, "EXECUTE minutes"), scalar(reader, "EXECUTE hours")}

        assert totals() == {2 * 271}
        refresh(session, "h1")
        assert totals() == {2 * 271}
        ticks(session, "2026-01-01 11:00", "2026-01-01 12:00:10")
        assert totals() == {2 * 452}
        refresh(session, "h1")
        session.execute("SELECT drop_chunks('ticks', older_than => TIMESTAMP '2026-01-01 12:00')")
        assert totals() == {2 * 452}


def test_writers_and_refreshes_at_the_same_time_lose_nothing(
    session: psycopg.Connection, url: URL
) -> None:
    rollup(session, MINUTES, HOURS)

    def write(seed: int) -> None:
        source = Random(seed)  # noqa: S311
        with connection(url) as writer:
            for minute in range(60):
                with writer.transaction():
                    late = minute - source.choice((0, 0, 1, 5, 50))
                    writer.execute(
                        "INSERT INTO ticks VALUES"
                        " (%s, TIMESTAMP '2026-01-01 09:00' + %s * INTERVAL '1 minute', %s)"
                        " ON CONFLICT (k, t) DO UPDATE SET v = excluded.v",
                        (f"w{seed}", late, minute),
                    )
                    writer.execute("DELETE FROM ticks WHERE k = %s AND v = %s", (f"w{seed}", seed))

    def keep_refreshing(name: str) -> None:
        with connection(url) as refresher:
            for _ in range(40):
                refresh(refresher, name)

    with ThreadPoolExecutor() as pool:
        work = [pool.submit(write, seed) for seed in range(3)]
        work += [pool.submit(keep_refreshing, name) for name in ("m1", "h1")]
        for one in work:
            one.result()
    refresh(session, "h1")
    direct = "SELECT k, time_bucket('1 hour', t), sum(v) FROM ticks GROUP BY 1, 2 ORDER BY 1, 2"
    assert rows(session, "SELECT k, bucket, total FROM h1 ORDER BY 1, 2") == rows(session, direct)


def test_a_rollup_another_one_reads_is_not_dropped(session: psycopg.Connection) -> None:
    rollup(session, MINUTES, HOURS)
    with pytest.raises(psycopg.Error, match="is the source of h1"):
        session.execute("SELECT timescale_engine.drop_rollup('m1')")


def test_writers_and_readers_need_no_rights_on_the_engine(session: psycopg.Connection) -> None:
    rollup(session, MINUTES)
    session.execute("CREATE ROLE oi_test_other")
    try:
        session.execute("GRANT INSERT ON ticks TO oi_test_other")
        session.execute("GRANT SELECT ON m1 TO oi_test_other")
        session.execute("SET ROLE oi_test_other")
        ticks(session, "2026-01-01 09:00", "2026-01-01 09:10")
        assert scalar(session, "SELECT count(*) FROM m1") == 22
        session.execute("RESET ROLE")
        refresh(session)
        session.execute("SET ROLE oi_test_other")
        assert scalar(session, "SELECT count(*) FROM m1") == 22
    finally:
        session.execute("RESET ROLE; DROP OWNED BY oi_test_other; DROP ROLE oi_test_other")


def test_names_that_need_quotes_and_schemas_work(session: psycopg.Connection) -> None:
    session.execute('CREATE SCHEMA "Eu"')
    spec = json.loads(json.dumps(MINUTES))
    spec.update(name="Eu.m 1", aggregates=[{"name": "Sum of v", "expression": "sum(v)"}])
    rollup(session, spec)
    ticks(session, "2026-01-01 09:00", "2026-01-01 09:10")
    refresh(session, "Eu.m 1")
    assert scalar(session, 'SELECT sum("Sum of v") FROM "Eu"."m 1"') == 62
    session.execute("SELECT timescale_engine.drop_rollup('Eu.m 1')")
    assert scalar(session, """SELECT to_regclass('"Eu"."m 1"')""") is None
