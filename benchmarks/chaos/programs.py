"""Programs of the system, started again when they end, as an init system does."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.feed.upkeep import children
from benchmarks.timing.waiting import beside

_ROOT = Path(__file__).resolve().parents[2]
_AGAIN_AFTER_S = 1.0
_LOOK_EVERY_S = 0.1
_STOP_S = 20.0


class Program:
    """One program: it can be killed and frozen, and comes back a second after it has ended."""

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.starts = 0
        self._arguments = arguments
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_at: float | None = None
        self._rests = False

    @property
    def pid(self) -> int:
        """Of the process that runs now, or ran last."""
        return self._process.pid if self._process else 0

    def said(self, line: str) -> int:
        """How often it has said a line."""
        return self._log.read_text(encoding="utf-8", errors="replace").splitlines().count(line)

    @property
    def children(self) -> list[int]:
        """Its own processes, a web server's workers for example."""
        return children(self.pid)

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the program under test
                [sys.executable, "-m", *self._arguments],
                env={**os.environ, **self._environment},
                cwd=_ROOT,
                stdout=log,
                stderr=log,
                # whatever comes to the terminal is for the one that watches
                start_new_session=True,
            )
        self.starts += 1
        self._ended_at = None

    def look(self) -> None:
        """Start it again when it has ended a while ago."""
        if self._rests or self._process is None or self._process.poll() is None:
            return
        self._ended_at = self._ended_at or time.monotonic()
        if time.monotonic() - self._ended_at >= _AGAIN_AFTER_S:
            self.start()

    def send(self, what: signal.Signals) -> None:
        """Send it, and it alone, a signal."""
        send(self.pid, what)

    def rest(self) -> None:
        """Stop it for good."""
        self._rests = True
        self.stop()

    def stop(self) -> None:
        """End it politely."""
        if self._process is None:
            return
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            for each in (*self.children, self.pid):
                send(each, signal.SIGKILL)
            self._process.wait()


@contextlib.contextmanager
def kept_running(programs: Sequence[Program]) -> Iterator[None]:
    """Start them all, and again whenever one ends, until the block does; then stop them."""

    def keep(ended: threading.Event) -> None:
        while not ended.wait(_LOOK_EVERY_S):
            for program in programs:
                program.look()

    for program in programs:
        program.start()
    try:
        with beside("init", keep):
            yield
    finally:
        for program in programs:
            program.stop()


def send(process: int, what: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, what)
