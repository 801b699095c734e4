"""A Redis of a run's own, which can be hurt."""

import signal
import subprocess
import tempfile

from benchmarks.server.debian import listens, program
from benchmarks.server.ports import free_port
from benchmarks.timing.waiting import awaited

_START_S = 20.0
_NO_PERSISTENCE = (
    *("--save", "", "--appendonly", "no"),
    *("--daemonize", "no", "--protected-mode", "no"),
)


def redis_program() -> list[str]:
    """The command that runs a Redis; raises ServerError where none is to be had."""
    return program("redis-server", "redis-server", "redis")


class RedisServer:
    """One server on a port of its own, empty at each start."""

    def __init__(self, program: list[str]) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it takes connections; raises BenchmarkError if it does not."""
        command = [*self._program, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(  # noqa: S603 - a server found or unpacked by us
            [*command, *_NO_PERSISTENCE],
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        awaited(lambda: listens(self.port), _START_S, "Redis does not start.")

    def send(self, what: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(what)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
