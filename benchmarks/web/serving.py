"""The web server and a collector as their own processes, on a database of the suite's own."""

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.server.databases import conninfo
from benchmarks.server.ports import free_port

_ROOT = Path(__file__).resolve().parents[2]
_APP = "app"
_START_S = 60.0
_STOP_S = 20.0
USERNAME = "bench"


@dataclass(frozen=True, slots=True)
class Site:
    """A served dashboard; `start_ms` is from process start to the first answered login page."""

    url: str
    password: str
    process: int
    start_ms: float


@contextlib.contextmanager
def serving(
    database: URL,
    *,
    workers: int = 1,
    more: Mapping[str, str] | None = None,
    program: Sequence[str] = (_APP, "serve"),
) -> Iterator[Site]:
    """Serve a database on a free port of the loopback until the block ends.

    `more` are settings beside those that are needed, `program` the module that serves.
    """
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="oi-bench-") as home:
        chosen = environment(database, Path(home)) | dict(more or {})
        set_password(chosen, password)
        arguments = [*program, "--workers", str(workers)]
        started = time.perf_counter_ns()
        with _program(arguments, chosen) as process:
            url = f"http://127.0.0.1:{chosen['OI_PORT']}"
            _wait_for(f"{url}/login", process)
            start_ms = (time.perf_counter_ns() - started) / 1e6
            yield Site(url, password, process.pid, start_ms)


@contextlib.contextmanager
def collecting(database: URL, home: Path | None = None, **more: str) -> Iterator[int]:
    """Run a simulated market into a database until the block ends; gives the process's number.

    `home` is where it finds models, a folder of its own without; `more` are further settings.
    """
    with tempfile.TemporaryDirectory(prefix="oi-bench-") as own:
        chosen = environment(database, home or Path(own)) | more
        with _program([_APP, "collect", "--feed", "simulate"], chosen) as process:
            yield process.pid


@contextlib.contextmanager
def _program(
    arguments: list[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - the program under test
        [sys.executable, "-m", *arguments],
        env=os.environ | environment,
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def csrf_of(page: str) -> str:
    """The token that a page's form sends back; "" without one."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return found[1] if found else ""


def set_password(environment: dict[str, str], password: str) -> None:
    """As an operator does, so that a sign-in costs what it costs a user."""
    arguments = ["password", "--username", USERNAME, "--password", password]
    done = subprocess.run(  # noqa: S603 - the program under test
        [sys.executable, "-m", "app", *arguments],
        env=os.environ | environment,
        cwd=_ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError("No password could be set; try: python -m app password.")


def environment(database: URL, home: Path) -> dict[str, str]:
    """What a program of ours is told, on a free port."""
    url = conninfo(database)
    return {
        "OI_HOME": str(home),
        "OI_HOST": "127.0.0.1",
        "OI_PORT": str(free_port()),
        "OI_DATABASE_URL": url,
        "OI_USERNAME": USERNAME,
        "OI_SECRET_KEY": secrets.token_hex(32),
    }


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=_START_S).close()  # noqa: S310 - our own server
            return
        if process.poll() is not None or time.monotonic() > end:
            raise BenchmarkError("The web server did not start; try: python -m app serve.")
        time.sleep(0.01)
