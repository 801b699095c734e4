"""Programs this one starts, watches, starts again when they end, and takes down with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.demo.logs import Log
from app.demo.patience import Patience
from app.orphans import end_with
from db.errors import OIError

_STOP_TIMEOUT_S = 10
_SILENCE_TIMEOUT_S = 5
_LINES_SHOWN = 5
_LINE_BYTES = 64 * 1024
_BAD_INPUT = 2  # exit code of a program whose input or settings are wrong

Say = Callable[[str], None]


class ChildEndedError(OIError):
    """A program ended for a reason that would end it again."""


@dataclass
class _Child:
    """One program: how it is started, its process while it runs, its last words."""

    name: str
    arguments: Sequence[str]
    log: Log
    patience: Patience
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    reader: threading.Thread | None = None
    last_lines: "deque[str]" = field(default_factory=lambda: deque(maxlen=_LINES_SHOWN))

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C is not for it."""
        self.last_lines.clear()
        process = subprocess.Popen(  # noqa: S603  # our own interpreter
            [sys.executable, *self.arguments],
            stdin=subprocess.DEVNULL,
            # through us, not into the file: a full disk must not end what writes to it
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            start_new_session=True,
            umask=0o077,
            preexec_fn=end_with(os.getpid(), signal.SIGTERM),
        )
        self.process = process
        self.patience.started()
        self.reader = threading.Thread(
            target=self._read, args=(process,), name=f"log-{self.name}", daemon=True
        )
        self.reader.start()

    def stop_by(self, deadline: float) -> None:
        """Wait until it has ended, and make it end at that moment of the monotonic clock."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self.bury()

    def bury(self) -> int:
        """Take down whatever it leaves behind; its exit code."""
        if self.process is None or self.reader is None:
            raise AssertionError("only what was started can be buried")
        # its own children must not hold its port and its place when it is started again
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self.reader.join(_SILENCE_TIMEOUT_S)
        self.process = None
        return code

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        """Keep what the program says until it and all it started have ended."""
        if process.stdout is None:
            raise AssertionError("it was started with a pipe")
        started = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z} process {process.pid} starts"
        self.log.write(f"{started}\n".encode())
        with process.stdout as pipe:
            while line := pipe.readline(_LINE_BYTES):
                if said := line.decode("utf-8", "replace").strip():
                    self.last_lines.append(said)
                self.log.write(line)
        self.log.close()


@dataclass
class Children:
    """The running programs by name; what they say goes to `<logs>/<name>.log`.

    `say` gets a line each time one of them ends by itself, with what it said last and when it is
    started again.
    """

    logs: Path
    say: Say
    patience: Callable[[], Patience] = Patience
    _children: dict[str, _Child] = field(default_factory=dict)

    def start(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a Python program of ours and keep it running from now on.

        `environment` goes before this program's own.
        """
        log = Log(self.logs / f"{name}.log")
        child = _Child(name, arguments, log, self.patience(), environment or {})
        self._children[name] = child
        self._start(child)

    def tend(self) -> None:
        """Start again what has ended by itself and has waited long enough.

        Raises ChildEndedError when one has ended over its input or a setting: that will not pass.
        """
        for child in self._children.values():
            if child.process is None:
                if child.patience.is_over:
                    self._start(child)
            elif child.process.poll() is not None:
                self._ended(child)

    def renew(self) -> None:
        """End all and start them again: what they were told at their start holds no more."""
        self._end_all()
        for child in self._children.values():
            self._start(child)

    def stop(self) -> None:
        """Ask all to end, newest first, and make them after ten seconds."""
        self._end_all()
        self._children.clear()

    def _end_all(self) -> None:
        running = [child for child in reversed(self._children.values()) if child.process]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for child in running:
            child.stop_by(deadline)

    def _start(self, child: _Child) -> None:
        try:
            child.start()
        except OSError as error:
            pause_s = child.patience.ended()
            self.say(
                f"The {child.name} cannot be started: {error.strerror}; "
                f"it is tried again in {pause_s:.1f} s."
            )

    def _ended(self, child: _Child) -> None:
        code = child.bury()
        end = f"The {child.name} {_in_words(code)}: {_last_words(child)}"
        if code == _BAD_INPUT:
            raise ChildEndedError(f"{end}.")
        self.say(f"{end}; it is started again in {child.patience.ended():.1f} s.")


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _last_words(child: _Child) -> str:
    said = " / ".join(child.last_lines).rstrip(".")
    return f"{said or 'it said nothing'} (all of it in {child.log.path})"
