"""Why a statement stood: what the traffic's statements waited for, and who held their locks."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

from benchmarks.server.databases import Session, session
from benchmarks.server.disk import Disk, disks
from benchmarks.traffic.session import APPLICATION_NAME
from db.convert.session import fetching
from db.syncing import file_systems

_LOOK_S = 0.01
_LOCK = "Lock"
_RUNNING = "running"
"""Said of a statement that waits for nothing the server knows: it has, or wants, a processor."""
_STANDING = """
    SELECT
        a.pid,
        extract(epoch FROM a.query_start)::FLOAT8 AS started,
        extract(epoch FROM clock_timestamp() - a.query_start)::FLOAT8 * 1000 AS stood_ms,
        coalesce(a.wait_event_type || ' ' || a.wait_event, %s) AS doing,
        a.wait_event_type = %s AS is_lock,
        b.query AS holder
    FROM pg_stat_activity AS a
    LEFT JOIN LATERAL (
        SELECT left(regexp_replace(holder.query, '\\s+', ' ', 'g'), 120) AS query
        FROM pg_stat_activity AS holder
        WHERE a.wait_event_type = %s
            AND holder.pid = ANY (pg_blocking_pids(a.pid))
        LIMIT 1
    ) AS b ON true
    WHERE a.application_name = %s
        AND a.datname = current_database()
        AND a.state = 'active'
"""


@dataclass(slots=True)
class Standing:
    """A statement as it was seen: its start (Unix time, s), how long it had run when last seen.

    `doing` counts the looks by what the server said of it; `lock_ms` is its age when it was last
    seen waiting for a lock, `holder` what the session in front was running. `disk_stood_ms` is how
    long the disk of the server's data did nothing meanwhile; None where it is not this machine's.
    """

    started: float
    stood_ms: float = 0.0
    lock_ms: float = 0.0
    holder: str | None = None
    disk_stood_ms: float | None = None
    doing: Counter[str] = field(default_factory=Counter)

    def as_row(self) -> dict[str, Any]:
        """As a result holds it."""
        return {
            "started": self.started,
            "stood_ms": self.stood_ms,
            "looks": dict(self.doing.most_common()),
            "lock_ms": self.lock_ms or None,
            "holder": self.holder,
            "disk_stood_ms": self.disk_stood_ms,
        }


class Waits:
    """What was seen so far, looking every 10 ms; shorter waits may go unseen."""

    def __init__(self, disks: Sequence[Disk] = ()) -> None:
        self._disks = disks
        self._seen: dict[tuple[int, float], Standing] = {}

    def between(self, since: float, until: float) -> list[Standing]:
        """Statements that began between two Unix times, the longest first."""
        found = [one for one in list(self._seen.values()) if since <= one.started <= until]
        return sorted(found, key=lambda one: -one.stood_ms)

    def for_locks(self, since: float, until: float) -> list[Standing]:
        """Those of them that waited for a lock, the longest wait first."""
        found = [one for one in self.between(since, until) if one.lock_ms]
        return sorted(found, key=lambda one: -one.lock_ms)

    def look(self, watching: Session) -> None:
        """Note what each statement does at this moment."""
        parameters = [_RUNNING, _LOCK, _LOCK, APPLICATION_NAME]
        disk_ms = max((disk.stood_ms() for disk in self._disks), default=None)
        rows = watching.execute(_STANDING, parameters)
        for pid, started, stood_ms, doing, is_lock, holder in rows:
            one = self._seen.setdefault((pid, started), Standing(started))
            one.stood_ms = round(stood_ms, 1)
            one.doing[doing] += 1
            if disk_ms is not None:
                while_it_ran_ms = round(min(disk_ms, one.stood_ms), 1)
                one.disk_stood_ms = max(while_it_ran_ms, one.disk_stood_ms or 0.0)
            if is_lock:
                one.lock_ms = one.stood_ms
                one.holder = holder or one.holder


@contextlib.contextmanager
def watched(url: URL) -> Iterator[Waits]:
    """Watch the traffic of a database until the block ends."""
    waits, stop = Waits(_disks(url)), threading.Event()
    thread = threading.Thread(target=_watch, args=(url, waits, stop), daemon=True)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _disks(url: URL) -> Sequence[Disk]:
    """Those that hold the server's data, where they are this machine's."""
    with session(url) as asking:
        return disks(file_systems(fetching(asking)))


def _watch(url: URL, waits: Waits, stop: threading.Event) -> None:
    with session(url) as watching:
        while not stop.is_set():
            looked = time.monotonic()
            waits.look(watching)
            stop.wait(max(0.001, _LOOK_S - (time.monotonic() - looked)))


def longest(waits: Sequence[Standing]) -> dict[str, Any]:
    """The longest wait for a lock and who held it, as a result holds it; None where none was."""
    first = waits[0] if waits else None
    return {
        "longest_lock_wait_ms": first.lock_ms if first else None,
        "lock_held_by": first.holder if first else None,
    }
