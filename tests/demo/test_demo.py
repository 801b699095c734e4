"""One command brings everything up, and Ctrl-C takes all of it down."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.server.ports import free_port
from db.server import postmaster
from db.server.cluster import LocalServer
from db.server.home import open_home
from tests.support.databases import connection
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


def told(running: "subprocess.Popen[str]", words: str) -> str:
    """Wait for a line with these words; the line."""
    assert running.stdout is not None
    seen = []
    for line in running.stdout:
        seen.append(line)
        if words in line:
            return line
    pytest.fail("the demo ended:\n" + "".join(seen))


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def child_of(running: "subprocess.Popen[str]", words: str) -> int | None:
    """The process that the demo has started with these words in its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        if words not in _text(folder / "cmdline"):
            continue
        fields = _text(folder / "stat").rpartition(")")[2].split()
        if fields and fields[0] != "Z" and int(fields[1]) == running.pid:
            return int(folder.name)
    return None


class Trader:
    """Somebody who is signed in."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        with self._opener.open(f"{self._url}/login") as shown:
            found = re.search(r'name="csrf" value="([^"]+)"', shown.read().decode())
        assert found
        form = {"username": user, "password": password, "csrf": found[1]}
        self._opener.open(f"{self._url}/login", urllib.parse.urlencode(form).encode()).close()

    def last_update(self) -> str | None:
        """The instant of the chain that the page would show; None while there is no answer."""
        try:
            with self._opener.open(f"{self._url}/api/data/NSE") as answer:
                return str(json.load(answer)["last_update"])
        except OSError:
            return None

    def sees_it_move(self) -> None:
        """Wait until a newer chain is shown than the one that is shown now."""
        until(self.last_update)
        before = self.last_update()
        until(lambda: self.last_update() not in (before, None))


def accounts(home: Path, program: str) -> set[str]:
    """As whom programs of that name are connected to the demo's database."""
    query = "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = %s"
    with connection(LocalServer(open_home(home)).url()) as session:
        return {name for (name,) in session.execute(query, [program])}


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


CHILDREN = {"dashboard": "app serve", "collector": "app collect", "maintenance": "db maintain"}
PATIENCE_S = 60


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_what_dies_comes_back_unaided_and_ctrl_c_ends_it_while_it_waits(ready_home: Path) -> None:
    port = free_port()
    with demo(ready_home, port) as running:
        trader = Trader(port, *told_sign_in(running))
        trader.sees_it_move()
        for name, words in CHILDREN.items():
            _child_comes_back(running, name, words)
        trader.sees_it_move()
        assert accounts(ready_home, "oi-gemini live") == {"oi_dashboard"}
        assert "oi_collector" in accounts(ready_home, "oi-gemini")
        _database_comes_back(running, ready_home)
        trader.sees_it_move()
        until(lambda: not list((ready_home / "spool").glob("*.json")))
        _ctrl_c_ends_it_while_it_waits(running, ready_home)
    assert processes_of(ready_home) == []
    for path in (ready_home / "logs").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text(encoding="utf-8").count(" starts\n") >= 2


def _child_comes_back(running: "subprocess.Popen[str]", name: str, words: str) -> None:
    before = child_of(running, words)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert "started again in" in told(running, f"The {name} was ended by SIGKILL")
    until(lambda: child_of(running, words) not in (before, None))


def _database_comes_back(running: "subprocess.Popen[str]", home: Path) -> None:
    _kill_the_database(running, home)
    told(running, "The database is back.")


def _kill_the_database(running: "subprocess.Popen[str]", home: Path) -> None:
    server = postmaster.running(open_home(home).data)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    told(running, "The database ended; it is started again in")


def _ctrl_c_ends_it_while_it_waits(running: "subprocess.Popen[str]", home: Path) -> None:
    collector = child_of(running, CHILDREN["collector"])
    assert collector is not None
    os.kill(collector, signal.SIGKILL)
    told(running, "The collector was ended by SIGKILL")
    _kill_the_database(running, home)
    running.send_signal(signal.SIGINT)
    told(running, "Stopped.")
    assert running.wait() == 0


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
