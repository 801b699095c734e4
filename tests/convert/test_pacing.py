"""How a conversion rests, what holds an index build, and what a copy leaves behind."""

import threading
import time
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from db.convert import facts, session, throttle
from db.convert.gate import gated
from db.convert.model import Throttle
from db.convert.throttle import Pacer, RateLimit
from tests.convert import legacy
from tests.convert.legacy import CHAIN, ROWS
from tests.support.databases import connection


class _Clock:
    """Time that passes only when it is told to, or rested."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.rested = 0.0
        monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: self.now))

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.rested += seconds
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    return _Clock(monkeypatch)


def test_all_workers_together_keep_to_the_rows_per_second(clock: _Clock) -> None:
    limit, wanted = RateLimit(), Throttle(rows_per_s=1000, nice=0)
    workers = [Pacer(limit, clock) for _ in range(2)]  # type: ignore[arg-type]
    started = clock.now

    for turn in range(40):
        clock.now += 0.01
        workers[turn % 2].rest(100, wanted)

    assert 4000 / (clock.now - started) == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize(
    ("turns", "worked_s", "nice", "rested_s"),
    [
        pytest.param(100, 0.03, 0.5, pytest.approx(1.5, rel=0.02), id="pieces of work"),
        # the last stretch may not have been long enough yet
        pytest.param(1000, 0.001, 1.0, pytest.approx(1.0, abs=0.11), id="moments that add up"),
    ],
)
def test_rests_are_a_share_of_the_time_worked(
    clock: _Clock, turns: int, worked_s: float, nice: float, rested_s: float
) -> None:
    pacer = Pacer(RateLimit(), clock)  # type: ignore[arg-type]

    for _ in range(turns):
        clock.now += worked_s
        pacer.rest(10, Throttle(nice=nice))

    assert clock.rested == rested_s


def test_without_limits_nothing_rests(clock: _Clock) -> None:
    pacer = Pacer(RateLimit(), clock)  # type: ignore[arg-type]
    clock.now += 5
    pacer.rest(10, Throttle(nice=0))
    assert clock.rested == 0


@pytest.fixture
def hypertable(empty_database: URL) -> URL:
    with connection(empty_database) as made:
        made.execute("CREATE TABLE readings (at TIMESTAMP NOT NULL, n INTEGER)")
        made.execute(
            "SELECT create_hypertable('readings', by_range('at', INTERVAL '1 day'), "
            "create_default_indexes => false)"
        )
        made.execute(
            "INSERT INTO readings SELECT TIMESTAMP '2026-01-01' + n * INTERVAL '1 hour', n "
            "FROM generate_series(0, 71) n"
        )
    return empty_database


_BUILT = """
    SELECT count(*) AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.mode = 'ShareLock' AND l.granted AND c.relname LIKE '%chunk'
"""


def test_an_index_build_stands_before_each_chunk(hypertable: URL) -> None:
    seen = []
    with session.connect(hypertable) as builder, session.connect(hypertable) as watching:
        oid = facts.named(builder, "readings").oid

        def before_each(number: int, chunks: int) -> None:
            seen.append((number, chunks, session.one(watching, _BUILT)["n"]))

        with gated(hypertable, builder, oid, before_each, threading.Event()):
            builder.execute("CREATE UNIQUE INDEX readings_key ON readings (at, n)")

        built = "SELECT count(*) AS n FROM pg_indexes WHERE indexname LIKE '%readings_key'"
        assert session.one(watching, built)["n"] == 4
    # the build holds SHARE on what it is through with
    assert seen == [(0, 3, 0), (1, 3, 1), (2, 3, 2)]


def test_what_is_raised_before_a_chunk_lets_the_build_end_and_is_told(hypertable: URL) -> None:
    def before_each(number: int, chunks: int) -> None:
        raise RuntimeError("no more")

    with session.connect(hypertable) as builder:
        oid = facts.named(builder, "readings").oid
        with (
            pytest.raises(RuntimeError, match="no more"),
            gated(hypertable, builder, oid, before_each, threading.Event()),
        ):
            builder.execute("CREATE INDEX readings_at_idx ON readings (at)")
        found = "SELECT to_regclass('readings_at_idx') IS NOT NULL AS there"
        assert session.one(builder, found)["there"]


def test_a_build_that_fails_leaves_the_gate(hypertable: URL) -> None:
    with session.connect(hypertable) as builder:
        builder.execute("INSERT INTO readings VALUES ('2026-01-01', 0)")
        oid = facts.named(builder, "readings").oid
        with (
            pytest.raises(psycopg.errors.UniqueViolation),
            gated(hypertable, builder, oid, lambda number, chunks: None, threading.Event()),
        ):
            builder.execute("CREATE UNIQUE INDEX readings_key ON readings (at, n)")
        held = "SELECT count(*) AS n FROM pg_locks WHERE mode = 'RowExclusiveLock' AND pid <> %s"
        gone = time.monotonic() + 5
        while session.one(builder, held, [builder.info.backend_pid])["n"]:
            assert time.monotonic() < gone
            time.sleep(0.01)


def test_a_pause_holds_an_index_build(legacy_database: URL) -> None:
    notes = []

    def on_progress(progress: convert.Progress) -> None:
        notes.append((progress.phase, progress.note))
        if progress.phase == "indexing" and "waiting" not in progress.note:
            convert.adjust(legacy_database, CHAIN, paused=True)
        elif "waiting: paused" in progress.note:
            convert.adjust(legacy_database, CHAIN, paused=False)

    result = convert.run(legacy_database, legacy.conversion(), on_progress=on_progress)

    assert result.phase is convert.Phase.SWAPPED
    assert ("indexing", "chain_key, waiting: paused") in notes
    (report,) = convert.report(legacy_database)
    assert {"step": "waiting", "detail": {"reason": "paused"}}.items() <= next(
        {"step": e["step"], "detail": e["detail"]} for e in report.events if e["step"] == "waiting"
    ).items()


_FROZEN = """
    SELECT sum(c.relallvisible) AS frozen, sum(c.relpages) AS pages
    FROM pg_class c
    JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE i.inhparent = 'option_chain_snapshots'::REGCLASS
"""


_VERSION = """
    SELECT string_to_array(extversion, '.')::INTEGER[] AS version
    FROM pg_extension
    WHERE extname = 'timescaledb'
"""
# from here on TimescaleDB takes a COPY into a chunk itself, and leaves FREEZE out
_TAKES_THE_COPY = [2, 23]


@pytest.mark.parametrize(("window_rows", "is_whole"), [(1_000_000, True), (100, False)])
def test_a_chunk_copied_whole_needs_no_vacuum(
    legacy_database: URL, window_rows: int, is_whole: bool
) -> None:
    options = convert.RunOptions(window_rows=window_rows)
    result = convert.run(legacy_database, legacy.conversion(), options=options)

    assert result.rows == ROWS
    with connection(legacy_database) as looking:
        frozen, pages = looking.execute(_FROZEN).fetchone()
        (version,) = looking.execute(_VERSION).fetchone()
    assert pages > 0
    assert frozen == (pages if is_whole and version < _TAKES_THE_COPY else 0)


def test_a_type_that_cannot_be_sent_as_it_is_goes_as_text(legacy_database: URL) -> None:
    with connection(legacy_database) as made:
        # aclitem has no binary form
        made.execute("ALTER TABLE option_chain_snapshots ADD COLUMN right_of ACLITEM")
        made.execute(
            "UPDATE option_chain_snapshots "
            "SET right_of = ('=r/' || quote_ident(current_user))::ACLITEM, ltp = 0.1"
        )
        before = legacy.checksum(made)
        convert.run(legacy_database, legacy.conversion())
        assert legacy.is_hypertable(made)
        assert legacy.checksum(made) == before


def test_a_reader_that_is_cut_off_leaves_nothing_behind(legacy_database: URL) -> None:
    cut = []

    def on_progress(progress: convert.Progress) -> None:
        if progress.phase != "copying" or cut:
            return
        with connection(legacy_database) as cutting:
            cut.extend(
                cutting.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'oi convert reader'"
                ).fetchall()
            )

    slowly = convert.RunOptions(throttle=Throttle(rows_per_s=1500), window_rows=100)
    with pytest.raises(psycopg.OperationalError):
        convert.run(legacy_database, legacy.conversion(), options=slowly, on_progress=on_progress)
    result = convert.run(legacy_database, legacy.conversion())

    assert result.phase is convert.Phase.SWAPPED
    assert convert.verify(legacy_database, CHAIN) == ROWS
