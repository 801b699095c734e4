"""A table under rollups that a history is played on: the toolkit's engine, or native aggregates."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg

from benchmarks.equivalence.actions import (
    ROLLUPS,
    Abort,
    Action,
    Change,
    Copy,
    DropChunks,
    Kill,
    Move,
    Overlap,
    Refresh,
    RefreshWindow,
    Remove,
    Row,
    Truncate,
    Write,
)
from db.timescale.fill import HAS_OPTIONS, native_refresh
from db.timescale.sqltext import named_statements

HALF_MINUTE = timedelta(seconds=30)
BUCKETS = {
    "eq_1m": timedelta(minutes=1),
    "eq_5m": timedelta(minutes=5),
    "eq_25m": timedelta(minutes=25),
}
_ORIGIN = datetime(2000, 1, 3)
_MARGIN = timedelta(hours=2)

Connection = psycopg.Connection[Any]
Read = frozenset[tuple[Any, ...]]


def statement(name: str) -> bytes:
    """A statement of equivalence.sql."""
    return named_statements("benchmarks.equivalence", "subjects.sql")[name].encode()


def bucket_start(instant: datetime, width: timedelta) -> datetime:
    """The start of a naive time's bucket, counted from Monday 2000-01-03 as time_bucket has it."""
    return instant - (instant - _ORIGIN) % width


class Subject(ABC):
    """The table and its rollups in one database; `frozen` is what history must keep, by bucket."""

    def __init__(self, connect: Callable[[], Connection], label: str) -> None:
        self.label = label
        self.base = _ORIGIN
        self.frozen: dict[str, dict[datetime, Read]] = {name: {} for name in ROLLUPS}
        self._connect = connect
        self.connection = connect()

    def begin(self, base: datetime) -> None:
        """Clears the table for a history that starts at `base`."""
        self.base = base
        self.frozen = {name: {} for name in ROLLUPS}
        self.run("truncate")

    def close(self) -> None:
        """Ends the session."""
        self.connection.close()

    def play(self, action: Action) -> None:
        """Does one action."""
        match action:
            case Write(rows):
                self._write(self.connection, rows)
            case Copy(rows):
                self._copy(rows)
            case Change(exchange, first, last, oi):
                self.run("change", exchange=exchange, oi=oi, **self._between(first, last))
            case Move(exchange, first, last, shift):
                span = self._between(first, last)
                self.run("move", exchange=exchange, shift=shift * HALF_MINUTE, **span)
            case Remove(exchange, first, last):
                self.run("remove", exchange=exchange, **self._between(first, last))
            case DropChunks(before):
                self.forget_chunks(self.at(before))
                self.run("drop_chunks", before=self.at(before))
            case Truncate():
                self.forget_chunks(datetime.max)
                self.run("truncate")
            case Refresh(rollup):
                self.refresh(rollup)
            case RefreshWindow(rollup, first, last):
                self.refresh_window(rollup, self.at(first), self.at(last))
            case Abort(rows, rollup):
                self.abort(rows, rollup)
            case Kill(rollup):
                self.kill(rollup)
            case Overlap(rows, rollup):
                self.overlap(rows, rollup)

    def read(self, rollup: str) -> Read:
        """What the rollup answers for this history."""
        return frozenset(self.rows(f"read_{rollup}", since=self.base - _MARGIN))

    def direct(self, rollup: str, since: datetime | None = None) -> Read:
        """What a GROUP BY over the source answers."""
        return frozenset(self.rows(f"direct_{rollup}", since=since or self.base - _MARGIN))

    def run(self, name: str, **parameters: object) -> None:
        """Executes a statement of the file."""
        self.connection.execute(statement(name), parameters)

    def rows(self, name: str, **parameters: object) -> Sequence[tuple[Any, ...]]:
        """The rows of a query of the file."""
        return self.connection.execute(statement(name), parameters).fetchall()

    def at(self, time: int) -> datetime:
        """The naive time of a half minute of the history."""
        return self.base + time * HALF_MINUTE

    @abstractmethod
    def watermark(self, rollup: str) -> datetime:
        """Where reads change from materialized buckets to the source."""

    @abstractmethod
    def refresh(self, rollup: str) -> None:
        """Brings a rollup up to date."""

    @abstractmethod
    def refresh_window(self, rollup: str, first: datetime, last: datetime) -> None:
        """Aggregates a window anew."""

    @abstractmethod
    def forget_chunks(self, before: datetime) -> None:
        """Notes what must be kept when the chunks older than `before` go."""

    def abort(self, rows: tuple[Row, ...], rollup: str) -> None:
        """Writes rows and rolls back."""
        with self.connection.transaction(force_rollback=True):
            self._write(self.connection, rows)

    @abstractmethod
    def kill(self, rollup: str) -> None:
        """Ends the session of a refresh between two of its steps, where it has steps."""

    def overlap(self, rows: tuple[Row, ...], rollup: str) -> None:
        """Writes rows, then refreshes."""
        self._write(self.connection, rows)
        self.refresh(rollup)

    def _write(self, connection: Connection, rows: tuple[Row, ...]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(statement("write"), [self._parameters(row) for row in rows])

    def _copy(self, rows: tuple[Row, ...]) -> None:
        taken = set(self.rows("taken", since=self.base))
        with self.connection.cursor() as cursor, cursor.copy(statement("copy")) as copy:
            for row in rows:
                values = tuple(self._parameters(row).values())
                if values[:2] not in taken:
                    copy.write_row(values)

    def _parameters(self, row: Row) -> dict[str, object]:
        exchange, time, oi, ltp = row
        return {"exchange": exchange, "time": self.at(time), "oi": oi, "ltp": ltp}

    def _between(self, first: int, last: int) -> dict[str, object]:
        return {"first": self.at(first), "last": self.at(last)}


class EngineSubject(Subject):
    """Rollups the engine maintains."""

    def __init__(self, connect: Callable[[], Connection], label: str) -> None:
        super().__init__(connect, label)
        self._known: dict[str, set[str]] = {name: set() for name in ROLLUPS}

    def begin(self, base: datetime) -> None:
        """Clears the table, and what the engine remembers of it."""
        super().begin(base)
        for rollup in ROLLUPS:
            self.refresh(rollup)
        self.run("forget")

    def watermark(self, rollup: str) -> datetime:
        """The engine's own."""
        return cast(datetime, self.rows("watermark", rollup=rollup)[0][0])

    def refresh(self, rollup: str) -> None:
        """The rollup and what it reads."""
        self.run("refresh", rollup=rollup)
        self._look(rollup)

    def refresh_window(self, rollup: str, first: datetime, last: datetime) -> None:
        """Frozen buckets in the window stay."""
        self.run("refresh_window", rollup=rollup, first=first, last=last)
        self._look(rollup)

    def forget_chunks(self, before: datetime) -> None:
        """Materialized buckets over a chunk that a refresh has seen are kept as they read now."""
        chunks = [chunk for chunk in self.rows("chunks") if chunk[2] <= before]
        for rollup in ("eq_1m", "eq_25m"):
            limit, width, reads = self.watermark(rollup), BUCKETS[rollup], self.read(rollup)
            for name, first, last in chunks:
                if name not in self._known[rollup]:
                    continue
                bucket = bucket_start(first, width)
                while bucket < min(last, limit):
                    kept = frozenset(row for row in reads if row[0] == bucket)
                    self.frozen[rollup].setdefault(bucket, kept)
                    bucket += width

    def abort(self, rows: tuple[Row, ...], rollup: str) -> None:
        """Writes, refreshes over it, and rolls both back."""
        with self.connection.transaction(force_rollback=True):
            self._write(self.connection, rows)
            self.run("refresh_within", rollup=rollup)

    def kill(self, rollup: str) -> None:
        """Ends the session from outside after a refresh worked and before it committed."""
        victim = self.connection
        self.connection = self._connect()
        victim.execute("BEGIN")
        victim.execute(statement("refresh_within"), {"rollup": rollup})
        self.connection.execute("SELECT pg_terminate_backend(%s, 5000)", (victim.info.backend_pid,))
        victim.close()

    def overlap(self, rows: tuple[Row, ...], rollup: str) -> None:
        """A writer's transaction that spans a refresh."""
        with self._connect() as writer, writer.transaction():
            self._write(writer, rows)
            self.refresh(rollup)

    def _look(self, rollup: str) -> None:
        chunks = {row[0] for row in self.rows("chunks")}
        self._known["eq_1m" if rollup == "eq_5m" else rollup] = chunks


class NativeSubject(Subject):
    """Continuous aggregates; refreshed only where the source still has its chunks."""

    def __init__(self, connect: Callable[[], Connection], label: str) -> None:
        super().__init__(connect, label)
        row = self.connection.execute(HAS_OPTIONS.text.encode()).fetchone()
        self._has_options = bool(row and row[0])

    def kill(self, rollup: str) -> None:
        """TimescaleDB's own refresh has no steps of ours between which to kill it."""

    def begin(self, base: datetime) -> None:
        """Clears the table; nothing of this history is refreshed yet."""
        super().begin(base)
        self._kept_from = base - _MARGIN

    def watermark(self, rollup: str) -> datetime:
        """The aggregate's own."""
        return cast(datetime, self.rows("native_watermark", rollup=rollup)[0][0])

    def refresh(self, rollup: str) -> None:
        """From what was dropped to the newest bucket, or as far as a window went beyond it."""
        newest = max((row[1] for row in self.rows("taken", since=self.base)), default=None)
        if newest is None:
            return
        if rollup == "eq_5m":
            self.refresh("eq_1m")
        end = max(bucket_start(newest, BUCKETS[rollup]), self.watermark(rollup))
        self.refresh_window(rollup, self._kept_from, end)

    def refresh_window(self, rollup: str, first: datetime, last: datetime) -> None:
        """Whole buckets, of which the source has every chunk."""
        width = BUCKETS[rollup]
        first = bucket_start(max(first, self._kept_from) + width, width)
        last = bucket_start(last, width)
        if first < last:
            refresh = native_refresh(rollup, first, last, False, self._has_options)
            self.connection.execute(refresh.encode())

    def forget_chunks(self, before: datetime) -> None:
        """Native refreshes would wipe what was dropped: they stay clear of it from now on."""
        for _, _, last in self.rows("chunks"):
            if last <= before:
                self._kept_from = max(self._kept_from, last)

    @property
    def comparable_from(self) -> datetime:
        """Before this, native aggregates hold what their refreshes happened to leave."""
        return self._kept_from + BUCKETS["eq_25m"]
