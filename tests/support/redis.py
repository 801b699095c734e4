"""A Redis of a test's own."""

import subprocess
import tempfile

from benchmarks.server.ports import free_port
from tests.support.debian import listens, program
from tests.support.waiting import eventually

_NO_PERSISTENCE = (
    "--save",
    "",
    "--appendonly",
    "no",
    "--daemonize",
    "no",
    "--protected-mode",
    "no",
)


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
        """Start it and wait until it takes connections."""
        command = [*self._program, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, *_NO_PERSISTENCE],
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process = self._process
        eventually(lambda: listens(self.port) or process.poll() is not None)
        assert process.poll() is None, "Redis ended at once"

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def redis_program() -> list[str]:
    """The command that runs a Redis; skips the test where none is to be had."""
    return program("redis-server", "redis-server", "redis")
