"""Snapshots that wait on disk for the database, so that neither an outage nor a crash loses any.

One JSON file a snapshot, named by its instant. Bounded: beyond the limit the oldest goes first.
"""

import os
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from db.market.clock import IST
from db.market.ticks import EnrichedOption, EnrichedSnapshot

LIMIT = 20_000
"""Files; about 40 hours of four full-width chains every 30 seconds, some 1.5 GB."""

_EXPIRY = EnrichedOption._fields.index("expiry")
_UNREADABLE = ".unreadable"


class Spool:
    """A folder of waiting snapshots; it is made when the first one has to wait."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self.dropped = 0
        self.unreadable = 0

    def add(self, snapshot: EnrichedSnapshot) -> None:
        """Keep a snapshot, durably; drops the oldest (counted) when the spool is full."""
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = snapshot.timestamp.astimezone(IST)
        final = self._folder / f"{stamp:%Y%m%dT%H%M%S.%f}-{snapshot.exchange}.json"
        partial = final.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(_encoded(snapshot))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
        for oldest in self._waiting()[: -self._limit]:
            oldest.unlink(missing_ok=True)
            self.dropped += 1

    def __len__(self) -> int:
        return len(self._waiting())

    def oldest_first(self) -> Iterator[tuple[Path, EnrichedSnapshot]]:
        """Each waiting snapshot with its file; what cannot be read is set aside and counted."""
        for path in self._waiting():
            try:
                yield path, _decoded(path.read_bytes())
            except (ValueError, KeyError, TypeError):
                path.rename(path.with_suffix(_UNREADABLE))
                self.unreadable += 1

    def done(self, path: Path) -> None:
        """Forget a snapshot that the database has committed."""
        path.unlink(missing_ok=True)

    def _waiting(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))


def _encoded(snapshot: EnrichedSnapshot) -> bytes:
    state = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    return orjson.dumps(state | {"options": [tuple(option) for option in snapshot.options]})


def _decoded(text: bytes) -> EnrichedSnapshot:
    state: dict[str, Any] = orjson.loads(text)
    timestamp = datetime.fromisoformat(state.pop("timestamp")).astimezone(IST)
    options = tuple(_option(row) for row in state.pop("options"))
    return EnrichedSnapshot(timestamp=timestamp, options=options, **state)


def _option(row: list[Any]) -> EnrichedOption:
    row[_EXPIRY] = date.fromisoformat(row[_EXPIRY])
    return EnrichedOption._make(row)
