"""What a process loads before it can show its login page, and what a server starts with."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import make_url

from app.web.auth.session_key import session_key
from app.web.auth.store import store
from benchmarks.feed.upkeep import children
from benchmarks.server.ports import free_port
from db.errors import InvalidInputError
from db.private_files import replace_private
from db.settings import Settings
from tests.support.disks import small_disk
from tests.support.paths import ROOT
from tests.support.waiting import eventually
from tests.web import PASSWORD
from tests.web.serving import PATIENCE_S, WebServer

_HEAVY = {
    *("sqlalchemy", "psycopg", "numpy", "pandas", "lightgbm", "kiteconnect", "alembic", "scipy"),
    *("sklearn", "dogpile", "redis"),
}
_PROGRAM = """
import sys
import app
assert "flask" not in sys.modules, "import app loads Flask"
web = app.create_app()
web.extensions["oi"].live.close()
assert web.test_client().get("/login").status_code == 200
print(*sys.modules)
"""


def test_the_login_page_is_shown_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={"OI_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _HEAVY & set(done.stdout.split()) == set()


def port_of(host: str) -> int:
    try:
        return free_port(host)
    except OSError:
        pytest.skip(f"this machine has no address {host}")


@contextlib.contextmanager
def serving(
    home: Path, host: str, port: int, *arguments: str, **environment: str
) -> Iterator[None]:
    """`python -m app serve` with a database that is not there, while it answers."""
    given = {
        "OI_HOME": str(home),
        "OI_HOST": host,
        "OI_PORT": str(port),
        "OI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        **environment,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", *arguments],
        env={**os.environ, **given},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while not answers(host, port):
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < end, "the web server did not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def answers(host: str, port: int) -> bool:
    try:
        return ask(host, port, "GET", "/healthz").status == 200
    except OSError:
        return False


def ask(
    host: str, port: int, method: str, path: str, cookie: str = "", **form: str
) -> http.client.HTTPResponse:
    """One request on a connection of its own, so that any worker may answer."""
    link = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    link.request(method, path, urllib.parse.urlencode(form), headers)
    answer = link.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    link.close()
    return answer


def sign_in(host: str, port: int) -> str:
    """The session's cookie."""
    page = ask(host, port, "GET", "/login")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)  # type: ignore[attr-defined]
    assert found
    begun = (page.headers["Set-Cookie"] or "").partition(";")[0]
    form = {"username": "trader", "password": PASSWORD, "csrf": found[1]}
    answer = ask(host, port, "POST", "/login", begun, **form)
    assert answer.status == 302
    return (answer.headers["Set-Cookie"] or "").partition(";")[0]


def test_an_ipv6_address_is_listened_on(home: Path) -> None:
    port = port_of("::1")
    with serving(home, "::1", port):
        cookie = sign_in("::1", port)
        assert ask("::1", port, "GET", "/logout", cookie).status == 200
        session = next((home / "sessions").iterdir())
        for private in (session, home / "secret_key", home / "attempts"):
            assert private.stat().st_mode & 0o077 == 0


def test_workers_know_each_others_sessions_where_nothing_can_be_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    # even root cannot write below a file
    home = file / "home"
    port = port_of("127.0.0.1")
    hashed = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    with serving(home, "127.0.0.1", port, "--workers", "3", OI_PASSWORD_HASH=hashed):
        cookie = sign_in("127.0.0.1", port)
        for _ in range(20):
            assert ask("127.0.0.1", port, "GET", "/logout", cookie).status == 200


def test_a_full_disk_keeps_the_dashboard_from_nothing_and_nobody_out(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as home:
        (home / "secret_key").write_text("of before")
        fill(home / "filling")
        settings = Settings(home=home)
        kept = store(settings)
        assert kept != home
        assert session_key(settings, kept) == "of before"
        (home / "secret_key").unlink()
        fill(home / "filling")
        hashed = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
        port = port_of("127.0.0.1")
        with serving(home, "127.0.0.1", port, OI_PASSWORD_HASH=hashed):
            cookie = sign_in("127.0.0.1", port)
            assert ask("127.0.0.1", port, "GET", "/logout", cookie).status == 200
            assert ask("127.0.0.1", port, "GET", "/metrics").status == 200
        with pytest.raises(OSError, match="No space left"):
            replace_private(home / "signin", bytes(4096))
        assert {path.name for path in home.iterdir()} == {"filling"}


def fill(file: Path) -> None:
    """Take all that a disk has."""
    with file.open("ab", buffering=0) as filling, contextlib.suppress(OSError):
        while True:
            filling.write(bytes(4096))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OI_OBJECTIVES_FILE": "/nowhere/objectives.toml"}, "OI_OBJECTIVES_FILE"),
        ({"OI_PASSWORD_HASH": "=19=m=65536,t=3,p=4"}, "OI_PASSWORD_HASH is not an argon2 hash"),
        ({"OI_HOME": "empty"}, "secret_key is empty"),
    ],
)
def test_what_workers_cannot_begin_with_is_one_sentence(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "secret_key").touch()
    environment = {"OI_HOME": "home", "OI_PORT": str(free_port()), **given}
    environment["OI_HOME"] = str(tmp_path / environment["OI_HOME"])
    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_killed_server_leaves_its_port_to_the_next(tmp_path: Path) -> None:
    nowhere = make_url("postgresql://nobody@127.0.0.1:1/nothing")
    server = WebServer(tmp_path, nowhere, free_port(), workers=2)
    server.start()
    assert server.process is not None
    workers = children(server.process.pid)
    try:
        for worker in workers:
            # so that none can see by itself that it was left alone
            os.kill(worker, signal.SIGSTOP)
        server.process.kill()
        eventually(lambda: is_free(server.port))
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        server.stop(signal.SIGKILL)


@contextlib.contextmanager
def on_a_terminal_that_closes(home: Path) -> Iterator[tuple[WebServer, list[int]]]:
    """A server and its workers, all of which have just been told."""
    nowhere = make_url("postgresql://nobody@127.0.0.1:1/nothing")
    server = WebServer(home, nowhere, free_port(), workers=2)
    server.start()
    assert server.process is not None
    pid = server.process.pid

    def is_ready() -> bool:
        found = children(pid)
        return len(found) == 2 and all(map(is_asked_for_nothing_else, found))

    try:
        eventually(is_ready)
        workers = children(pid)
        for told in (*workers, pid):
            os.kill(told, signal.SIGHUP)
        yield server, workers
    finally:
        server.stop(signal.SIGKILL)


def is_asked_for_nothing_else(worker: int) -> bool:
    """Whether a worker has its own answer to a hang-up, which it has when it begins to serve."""
    ignored = re.search(
        r"^SigIgn:\s+(\w+)$", Path(f"/proc/{worker}/status").read_text(), re.MULTILINE
    )
    return ignored is not None and bool(int(ignored[1], 16) >> (signal.SIGHUP - 1) & 1)


def runs(process: int) -> bool:
    """Whether it is there and has not ended, though its first process may not have been told."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def test_a_server_ends_in_order_with_its_terminal(tmp_path: Path) -> None:
    with on_a_terminal_that_closes(tmp_path) as (server, workers):
        assert server.process is not None
        assert server.process.wait(PATIENCE_S) == 0
        eventually(lambda: not any(map(runs, workers)))
        assert is_free(server.port)


def test_a_server_that_nohup_started_goes_on_with_the_same_workers(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with on_a_terminal_that_closes(tmp_path) as (server, workers):
            assert server.process is not None
            # told in turn: once this is answered by one worker more, it has heard of the hang-up
            os.kill(server.process.pid, signal.SIGTTIN)
            eventually(lambda: len(children(server.process.pid)) == 3)  # type: ignore[union-attr]
            assert set(workers) < set(children(server.process.pid))
            assert answers("127.0.0.1", server.port)
    finally:
        signal.signal(signal.SIGHUP, before)


def is_free(port: int) -> bool:
    from app.web.server import demand_free_port

    try:
        demand_free_port("127.0.0.1", port)
    except InvalidInputError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "listed"),
    [("::1", "http://[::1]:5050"), ("[::1]", "http://[::1]:5050"), ("a", "http://a:5050")],
)
def test_an_address_is_written_as_a_browser_takes_it(host: str, listed: str) -> None:
    from app.web.server import address

    assert address(Settings(host=host)) == listed


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a..b", "x" * 300])
def test_an_address_that_cannot_be_listened_on_is_one_sentence(host: str) -> None:
    from app.web.server import demand_free_port

    with pytest.raises(InvalidInputError, match="OI_HOST and OI_PORT choose others"):
        demand_free_port(host, 5050)


@pytest.mark.parametrize(
    ("chosen", "is_said"),
    [
        (Settings(host="0.0.0.0"), True),  # noqa: S104
        (Settings(host="::"), True),
        (Settings(host="::1"), False),
        (Settings(host="0.0.0.0", trusted_proxies=("192.0.2.1",)), False),  # noqa: S104
    ],
)
def test_a_dashboard_that_others_reach_in_clear_says_so(chosen: Settings, is_said: bool) -> None:
    from app.web.server import unencrypted

    assert bool(unencrypted(chosen)) is is_said
