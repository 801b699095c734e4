"""`alembic upgrade` and `downgrade` as processes: which revision ran when, killed where asked."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.server.databases import conninfo

Verb = Literal["upgrade", "downgrade"]

_ROOT = Path(__file__).resolve().parents[2]
_RUNNING = re.compile(r"Running (upgrade|downgrade) (?P<older>\S*) -> (?P<newer>[^,\s]*)")
_PATIENCE_S = 7200.0
_LOOK_S = 0.005
_FAILURES = 5


@dataclass(slots=True)
class Stretch:
    """What one process spent on one revision: Unix times in s, WAL of the server in bytes."""

    revision: str
    started: float
    wal_started: int
    ended: float = 0.0
    wal_ended: int = 0
    was_killed: bool = False

    @property
    def duration_s(self) -> float:
        """How long the process was at it, so far."""
        return (self.ended or time.time()) - self.started


@dataclass(frozen=True, order=True, slots=True)
class Kill:
    """Where to kill: a revision by its place on the way, and the seconds spent on it by then."""

    place: int
    after_s: float


@dataclass(slots=True)
class Run:
    """One way: its stretches in order, the kills it survived, what single starts ended with."""

    verb: Verb
    target: str
    stretches: list[Stretch] = field(default_factory=list)
    kills_survived: int = 0
    starts: int = 0
    stops: list[str] = field(default_factory=list)

    def spent_s(self, revision: str) -> float:
        """Seconds that processes were at a revision."""
        return sum(one.duration_s for one in self.stretches if one.revision == revision)


def migrate(
    url: URL,
    run: Run,
    revisions: Sequence[str],
    kills: Sequence[Kill],
    wal: Callable[[], int],
) -> None:
    """Go the way, killed (SIGKILL) where `kills` say and started again each time; fills `run`.

    `revisions` are those of the way in its order, `wal` tells the WAL position. A revision that is
    through before its kill is due is killed in the next one; kills left at the end are not spent.
    Raises BenchmarkError when the migration failed several times in a row.
    """
    pending, failures = sorted(kills), 0
    while True:
        process = _Process(url, run, wal)
        is_due = _due(run, revisions, pending[0]) if pending else None
        ended = process.watch(is_due)
        if ended is None:
            pending.pop(0)
            run.kills_survived += 1
        elif ended == 0:
            return
        else:
            run.stops.append(process.last_line)
            failures += 1
            if failures == _FAILURES:
                raise BenchmarkError(f"The migration does not get on: {process.last_line}")


def _due(run: Run, revisions: Sequence[str], kill: Kill) -> Callable[[Stretch], bool]:
    wanted = revisions[kill.place]

    def is_due(current: Stretch) -> bool:
        if current.revision == wanted:
            return run.spent_s(wanted) >= kill.after_s
        return revisions.index(current.revision) > kill.place

    return is_due


class _Process:
    """One start of the migration."""

    def __init__(self, url: URL, run: Run, wal: Callable[[], int]) -> None:
        self._run, self._wal = run, wal
        self._current: Stretch | None = None
        self.last_line = ""
        address = conninfo(url)
        self._process = subprocess.Popen(  # noqa: S603 - the program under test
            [sys.executable, "-m", "alembic", run.verb, run.target],
            cwd=_ROOT,
            env=os.environ | {"OI_DATABASE_URL": address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        run.starts += 1
        self._reader = threading.Thread(target=self._read, args=(self._process.stderr,))
        self._reader.start()

    def watch(self, is_due: Callable[[Stretch], bool] | None) -> int | None:
        """Wait for the end, or kill when `is_due` says so; the exit code, None when killed."""
        deadline = time.monotonic() + _PATIENCE_S
        killed = False
        while self._process.poll() is None and not killed:
            if is_due and self._current and is_due(self._current):
                self._process.kill()
                killed = True
            elif time.monotonic() > deadline:
                self._process.kill()
                raise BenchmarkError(f"The migration took longer than {_PATIENCE_S:.0f} s.")
            else:
                time.sleep(_LOOK_S)
        code = self._process.wait()
        # it may have come to its end on its own just before the signal
        killed = killed and code < 0
        self._reader.join()
        self._close(killed)
        return None if killed else code

    def _read(self, stderr: IO[str] | None) -> None:
        for line in stderr or ():
            self.last_line = line.strip() or self.last_line
            found = _RUNNING.search(line)
            if found:
                self._close(False)
                name = found["newer"] if self._run.verb == "upgrade" else found["older"]
                self._current = Stretch(name, time.time(), self._wal())
                self._run.stretches.append(self._current)

    def _close(self, was_killed: bool) -> None:
        if self._current and not self._current.ended:
            self._current.ended = time.time()
            self._current.wal_ended = self._wal()
            self._current.was_killed = was_killed
