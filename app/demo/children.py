"""Programs this one starts, watches and takes down with it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from db.errors import OIError

_STOP_TIMEOUT_S = 10
_LINES_SHOWN = 5
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


class ChildEndedError(OIError):
    """A program that should have gone on running ended."""


@dataclass
class Children:
    """The running programs by name; what they write goes to `<logs>/<name>.log`."""

    logs: Path
    _running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start a Python program of ours in a session of its own: Ctrl-C is not for it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  # our own interpreter
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with(os.getpid()),
            )

    def check(self) -> None:
        """Raise ChildEndedError with the last lines of the first program that has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ChildEndedError(
                    f"The {name} ended with code {process.returncode}: {self._last_words(name)}"
                )

    def stop(self) -> None:
        """Ask all to end, newest first, and make them after ten seconds."""
        for process in reversed(self._running.values()):
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _last_words(self, name: str) -> str:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        said = " / ".join(line.strip() for line in lines[-_LINES_SHOWN:] if line.strip())
        return f"{said or 'it said nothing'} (all of it in {self._log(name)})."


class _end_with:  # used like a function
    """Run in the new process: it gets SIGTERM when its parent dies, however that dies."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def __call__(self) -> None:
        if self._libc is None:
            return
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._parent:
            os._exit(1)
