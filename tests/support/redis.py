"""A Redis of a test's own: the system's, else Debian's package unpacked beside the local server."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.server.ports import free_port
from db.errors import ServerError
from db.server.apt import private_apt
from db.server.lock import exclusive
from db.settings import settings
from tests.support.paths import ROOT

_PATIENCE_S = 60.0
# what the program loads; the packages that set up a system are left out
_LOADED = ("libc6", "libgcc", "libsystemd", "libcap2", "libatomic", "libstdc++", "libjemalloc")
_LOADED += ("liblzf", "libzstd", "zlib1g", "libssl", "openssl-provider", "redis-")
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
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self._process.poll() is None, "Redis ended at once"
                assert time.monotonic() < end, "Redis did not start"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def redis_program() -> list[str]:
    """The command that runs a Redis; skips the test where none is to be had."""
    found = shutil.which("redis-server")
    if found is not None:
        return [found]
    home = ROOT / settings().home
    home.mkdir(exist_ok=True)
    try:
        with exclusive(home / "redis.lock"):
            return _unpacked(home / "redis")
    except ServerError as error:
        pytest.skip(f"no Redis: {error}")


def _unpacked(folder: Path) -> list[str]:
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="redis.new-") as work:
            apt, root = private_apt(Path(work)), Path(work) / "root"
            wanted = [name for name in apt.closure(("redis-server",)) if name.startswith(_LOADED)]
            for package in apt.download(wanted):
                subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
            root.rename(folder)
    # the packages' own loader, as their C library may be newer than the system's
    (loader,) = folder.glob("usr/lib/*/ld-linux*.so*")
    return [str(loader), "--library-path", str(loader.parent), str(folder / "usr/bin/redis-server")]
