"""A writer that never stops and knows what it wrote, a reader, a bystander, and their times."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.server.databases import conninfo
from benchmarks.traffic.session import KINDS, NOTHING, RECORD

BORDERS_MS = (1, 3, 10, 30, 100, 300, 1000)
_ROOT = Path(__file__).resolve().parents[2]
_START_S = 30.0
_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Timed:
    """One statement: when it was sent (Unix time, s) and how long it took until its last row."""

    started: float
    duration_ms: float

    @property
    def ended(self) -> float:
        """When it was done (Unix time, s)."""
        return self.started + self.duration_ms / 1000


class Traffic:
    """What the sessions have recorded so far, in the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def writes(self, since: float = 0.0, until: float = float("inf")) -> list[Timed]:
        """The writer's statements that ran at any time between two Unix times."""
        return self._between("writer", since, until)

    def reads(self, since: float = 0.0, until: float = float("inf")) -> list[Timed]:
        """The reader's statements that ran at any time between two Unix times."""
        return self._between("reader", since, until)

    def nothings(self, since: float = 0.0, until: float = float("inf")) -> list[Timed]:
        """The bystander's statements, which touch no table, between two Unix times."""
        return self._between("bystander", since, until)

    def failures(self, since: float = 0.0, until: float = float("inf")) -> list[str]:
        """Statements sent between two Unix times that failed, in words."""
        lines = [line.split("\t", 1) for kind in KINDS for line in self._failed(kind)]
        return [words for at, words in lines if since <= float(at) <= until]

    def acknowledged(self) -> dict[int, int]:
        """The OI of each row the server has confirmed, by the row's number."""
        found = RECORD.iter_unpack(self._records("writer"))
        return {number: oi for _, _, number, oi in found if number != NOTHING}

    def file(self, kind: str) -> Path:
        """Where one session records."""
        return self._folder / kind

    def _between(self, kind: str, since: float, until: float) -> list[Timed]:
        records = RECORD.iter_unpack(self._records(kind))
        timed = (Timed(started, duration_ms) for started, duration_ms, _, _ in records)
        return [one for one in timed if one.started <= until and one.ended >= since]

    def _records(self, kind: str) -> bytes:
        found = self.file(kind).read_bytes()
        return found[: len(found) - len(found) % RECORD.size]

    def _failed(self, kind: str) -> list[str]:
        return self.file(kind).with_suffix(".failed").read_text(encoding="utf-8").splitlines()


@contextlib.contextmanager
def flowing(url: URL, newest: datetime) -> Iterator[Traffic]:
    """Write and read until the block ends; rows lie around and after `newest` (naive IST).

    Raises BenchmarkError when a session does not start, or ended before it was told to.
    """
    with tempfile.TemporaryDirectory(prefix="oi-traffic-") as folder:
        traffic = Traffic(Path(folder))
        with contextlib.ExitStack() as running:
            for kind in KINDS:
                running.enter_context(_session(url, kind, traffic.file(kind), newest))
            yield traffic


@contextlib.contextmanager
def _session(url: URL, kind: str, file: Path, newest: datetime) -> Iterator[None]:
    address = conninfo(url)
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "benchmarks.traffic.session", kind, str(file), newest.isoformat()],
        cwd=_ROOT,
        env=os.environ | {"OI_DATABASE_URL": address},
        stdin=subprocess.PIPE,
    )
    try:
        _wait_for_first(process, file)
        yield
        if process.poll() is not None:
            raise BenchmarkError(f"The {kind} of the traffic ended by itself; see its message.")
    finally:
        _stop(process)


def _wait_for_first(process: "subprocess.Popen[bytes]", file: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not (file.exists() and file.stat().st_size):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError("The traffic could not be started; see its message.")
        time.sleep(0.02)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    stdin: IO[bytes] | None = process.stdin
    if stdin:
        stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def histogram(statements: Sequence[Timed]) -> dict[str, int]:
    """Statements by how long they took at most, in ms."""
    counts = {f"≤ {border}": 0 for border in BORDERS_MS} | {"more": 0}
    for one in statements:
        border = next((b for b in BORDERS_MS if one.duration_ms <= b), None)
        counts[f"≤ {border}" if border else "more"] += 1
    return counts


def longest_ms(statements: Sequence[Timed]) -> float | None:
    """The longest of them; None without any."""
    return round(max((one.duration_ms for one in statements), default=0.0), 1) or None
