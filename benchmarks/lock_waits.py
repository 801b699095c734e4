"""Why a statement stood: locks the traffic waited for, and who held them."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL

from benchmarks.databases import Session, session
from benchmarks.traffic_session import APPLICATION_NAME

_LOOK_S = 0.01
_WAITING = """
    SELECT
        a.pid,
        extract(epoch FROM a.query_start)::FLOAT8 AS started,
        extract(epoch FROM clock_timestamp() - a.query_start)::FLOAT8 * 1000 AS waited_ms,
        b.query AS holder
    FROM pg_stat_activity AS a
    LEFT JOIN LATERAL (
        SELECT left(regexp_replace(holder.query, '\\s+', ' ', 'g'), 120) AS query
        FROM pg_stat_activity AS holder
        WHERE holder.pid = ANY (pg_blocking_pids(a.pid))
        LIMIT 1
    ) AS b ON true
    WHERE a.application_name = %s
        AND a.datname = current_database()
        AND a.wait_event_type = 'Lock'
"""


@dataclass(frozen=True, slots=True)
class LockWait:
    """A statement that waited for a lock: its start (Unix time, s), how long at least, for whom."""

    started: float
    waited_ms: float
    holder: str | None


class LockWaits:
    """What was seen so far, looking every 10 ms; shorter waits may go unseen."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, float], LockWait] = {}

    def between(self, since: float, until: float) -> list[LockWait]:
        """Waits that began between two Unix times, longest first."""
        found = [one for one in list(self._seen.values()) if since <= one.started <= until]
        return sorted(found, key=lambda one: -one.waited_ms)

    def look(self, watching: Session) -> None:
        """Note who waits at this moment."""
        for pid, started, waited_ms, holder in watching.execute(_WAITING, [APPLICATION_NAME]):
            known = self._seen.get((pid, started))
            named = holder or (known.holder if known else None)
            self._seen[pid, started] = LockWait(started, round(waited_ms, 1), named)


@contextlib.contextmanager
def lock_waits(url: URL) -> Iterator[LockWaits]:
    """Watch the traffic of a database until the block ends."""
    waits, stop = LockWaits(), threading.Event()
    thread = threading.Thread(target=_watch, args=(url, waits, stop), daemon=True)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _watch(url: URL, waits: LockWaits, stop: threading.Event) -> None:
    with session(url) as watching:
        while not stop.is_set():
            looked = time.monotonic()
            waits.look(watching)
            stop.wait(max(0.001, _LOOK_S - (time.monotonic() - looked)))


def longest(waits: list[LockWait]) -> dict[str, Any]:
    """The longest wait and who held the lock, as a result holds it; None where nobody waited."""
    first = waits[0] if waits else None
    return {
        "longest_lock_wait_ms": first.waited_ms if first else None,
        "lock_held_by": first.holder if first else None,
    }
