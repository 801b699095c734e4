"""Snapshots that wait on disk for the database, so that neither an outage nor a crash loses any.

One file a snapshot, numpy's arrays beside each other (NPZ), named by its instant. Bounded: beyond
the limit the oldest goes first. Files are for the account that runs the collector alone.
"""

import bisect
import contextlib
import io
import logging
import os
import threading
import zipfile
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from db.market.clock import IST
from db.market.ticks import EDGE_FIELDS, EnrichedColumns, EnrichedSnapshot, SnapshotContext

_LOG = logging.getLogger("oi.collector")
LIMIT = 20_000
"""Files; about 40 hours of four full-width chains every 30 seconds, some 2 GB."""

_SUFFIX, _PARTIAL, _UNREADABLE = ".npz", ".partial", ".unreadable"
_INSTANTS = ("timestamp", "underlying_at")
_CONTEXT = "context"
_DAMAGED = (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile)


class Spool:
    """A folder of waiting snapshots; it is made when the first one has to wait.

    Threads may share one. What cannot be written raises OSError and is as if nothing was tried.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._names = sorted(path.name for path in folder.glob(f"*{_SUFFIX}"))
        self._number = max((_number_of(name) for name in self._names), default=0)
        self.dropped = 0
        self.unreadable = 0
        with contextlib.suppress(OSError):
            for path in folder.glob(f"*{_PARTIAL}"):
                path.unlink()

    def __len__(self) -> int:
        return len(self._names)

    def add(self, snapshot: EnrichedSnapshot) -> Path:
        """Keep a snapshot, durably; drops the oldest (counted) when the spool is full."""
        encoded = _encoded(snapshot)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        final = self._folder / self._name_of(snapshot)
        _write_durably(final, encoded)
        with self._lock:
            bisect.insort(self._names, final.name)
            surplus = self._names[: -self._limit]
            del self._names[: -self._limit]
        for name in surplus:
            (self._folder / name).unlink(missing_ok=True)
            self.dropped += 1
        return final

    def exchanges(self) -> set[str]:
        """The keys of which snapshots wait."""
        with self._lock:
            return {_exchange_of(name) for name in self._names}

    def oldest(
        self, is_wanted: Callable[[str], bool] = lambda _exchange: True
    ) -> tuple[Path, EnrichedSnapshot] | None:
        """The waiting snapshot of a wanted key's earliest instant, with its file; None without.

        What cannot be read is set aside and counted; what another collector of the same folder
        has stored meanwhile is forgotten.
        """
        while True:
            with self._lock:
                name = next((name for name in self._names if is_wanted(_exchange_of(name))), None)
            if name is None:
                return None
            path = self._folder / name
            try:
                return path, _decoded(path.read_bytes())
            except FileNotFoundError:
                self.done(path)
            except _DAMAGED as exc:
                self._set_aside(path, exc)

    def holds_before(self, exchange: str, at: datetime) -> bool:
        """Whether a snapshot of that key and an earlier (aware) moment waits."""
        first = f"{_stamp(at)}-"
        with self._lock:
            earlier = self._names[: bisect.bisect_left(self._names, first)]
        return any(_exchange_of(name) == exchange for name in earlier)

    def done(self, path: Path) -> None:
        """Forget a snapshot that the database has committed."""
        with self._lock:
            if path.name in self._names:
                self._names.remove(path.name)
        path.unlink(missing_ok=True)

    def _set_aside(self, path: Path, exc: Exception) -> None:
        with self._lock:
            if path.name not in self._names:
                return
            self._names.remove(path.name)
        self.unreadable += 1
        _LOG.error("cannot read %s, which is set aside: %s", path, exc)
        with contextlib.suppress(OSError):
            path.rename(path.with_suffix(_UNREADABLE))

    def _name_of(self, snapshot: EnrichedSnapshot) -> str:
        """By instant, then by turn: of one instant the later state is stored last."""
        with self._lock:
            self._number += 1
            number = self._number
        return f"{_stamp(snapshot.timestamp)}-{number:010d}-{snapshot.exchange}{_SUFFIX}"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(IST):%Y%m%dT%H%M%S.%f}"


def _number_of(name: str) -> int:
    with contextlib.suppress(IndexError, ValueError):
        return int(name.split("-")[1])
    return 0


def _exchange_of(name: str) -> str:
    return name.removesuffix(_SUFFIX).split("-", 2)[-1]


def _write_durably(final: Path, encoded: bytes) -> None:
    # collectors that share a folder may keep the same instant at the same time
    partial = final.with_suffix(f".{os.getpid()}{_PARTIAL}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
        _sync_folder(final.parent)
    except OSError:
        for path in (partial, final):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """A file's name is as durable as its folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encoded(snapshot: EnrichedSnapshot) -> bytes:
    context: dict[str, Any] = {
        each.name: getattr(snapshot, each.name) for each in fields(SnapshotContext)
    }
    context["has_changes"] = snapshot.has_changes
    text: Any = np.frombuffer(orjson.dumps(context), dtype=np.uint8)
    arrays: dict[str, Any] = {name: getattr(snapshot.options, name) for name in EDGE_FIELDS}
    target = io.BytesIO()
    np.savez(target, **arrays, **{_CONTEXT: text})
    return target.getvalue()


def _decoded(encoded: bytes) -> EnrichedSnapshot:
    with np.load(io.BytesIO(encoded), allow_pickle=False) as held:
        context = orjson.loads(held[_CONTEXT].tobytes())
        options = EnrichedColumns(**{name: held[name] for name in EDGE_FIELDS})
    for name in _INSTANTS:
        at = context.get(name)
        context[name] = None if at is None else datetime.fromisoformat(at).astimezone(IST)
    return EnrichedSnapshot(options=options, **context)
