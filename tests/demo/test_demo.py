"""One command brings everything up, and Ctrl-C takes all of it down."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.server.ports import free_port
from tests.support.paths import ROOT


def environment(home: Path, port: int) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OI_")}
    return clean | {"OI_HOME": str(home), "OI_PORT": str(port)}


@contextmanager
def demo(home: Path, port: int) -> "Iterator[subprocess.Popen[str]]":
    """A demo with little history, interrupted on leaving if it still runs."""
    running = subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--days", "1"],
        cwd=ROOT,
        env=environment(home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate()


def told_sign_in(running: "subprocess.Popen[str]") -> tuple[str, str]:
    """Wait for the lines that say where it is; the user name and the password."""
    assert running.stdout is not None
    seen = []
    for line in running.stdout:
        seen.append(line)
        if found := re.search(r"Sign in +(\S+) / (\S+)", line):
            return found[1], found[2]
    pytest.fail("the demo ended:\n" + "".join(seen))


def page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return str(answer.read().decode())


def processes_of(home: Path) -> list[str]:
    return [
        line
        for folder in Path("/proc").glob("[0-9]*")
        if (line := _text(folder / "cmdline")) and (str(home) in line + _text(folder / "environ"))
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    except OSError:
        return ""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for left-over processes in /proc")
def test_it_comes_up_twice_with_one_sign_in_and_leaves_nothing(ready_home: Path) -> None:
    port = free_port()
    with demo(ready_home, port) as first:
        sign_in = told_sign_in(first)
        assert "password" in page(port, "/login")
        first.send_signal(signal.SIGINT)
    assert first.returncode == 0
    assert processes_of(ready_home) == []
    with demo(ready_home, port) as second:
        assert told_sign_in(second) == sign_in
        second.send_signal(signal.SIGTERM)
    assert second.returncode == 0
    assert processes_of(ready_home) == []
    kept = ready_home / "demo-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_taken_port_is_one_sentence_and_starts_nothing(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app", "demo"],
            cwd=ROOT,
            env=environment(home, port),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"Error: Port {port} is in use; stop what uses it or choose another with OI_PORT."
    ]
    assert list(home.iterdir()) == []
