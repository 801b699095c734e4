"""The whole thing on one machine: database, history, simulated market, dashboard."""

import errno
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.demo.broker import StandInBroker
from app.demo.children import Children, Say
from app.web.auth import signin
from app.web.auth.people import REQUIRED
from app.web.server import address, demand_free_port
from db.endings import interrupt_once
from db.errors import OIError
from db.server.faults import explained
from db.server.home import write_private
from db.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL

_POLL_S = 0.05
_WATCH_S = 0.5
_READY_TIMEOUT_S = 60
_PASSWORD_FILE = "demo-password"  # noqa: S105  # a file's name


def run(settings: Settings, say: Say, fill: "Callable[[URL], None]") -> None:
    """Bring everything up, tell the address, and go on until SIGINT or SIGTERM.

    `fill` stores what a database lacks of history, which is simulated: of a live feed there is
    only what it brought. A part that ends by itself is said and started
    again. Raises OIError with one sentence when the page is not built, the database cannot be
    started, the dashboard does not come up, or a part ends over its input; whatever was started is
    stopped.
    """
    # loaded by whoever serves only: it brings Flask
    from app.web.assets import assets

    assets()
    demand_free_port(settings.host, settings.port)
    interrupt_once()
    try:
        _run(settings, _outliving_a_full_disk(say), fill)
    except KeyboardInterrupt:
        say("Stopped.")


def _run(settings: Settings, say: Say, fill: "Callable[[URL], None]") -> None:
    from db.migrate import upgrade

    children = Children(settings.home / "logs", say)
    broker = StandInBroker(settings) if settings.feed == "kite-standin" else None
    with _database(settings, say) as (url, has_moved):

        def tend() -> None:
            if has_moved():
                children.renew()
            children.tend()
            if broker is not None:
                broker.tend()

        sign_in = _sign_in(settings)
        try:
            # it loads while the database is made ready: nobody knows its address yet
            known = broker.environment if broker is not None else {}
            children.start("dashboard", ["-m", "app", "serve"], known)
            upgrade(url)
            if _has_users(url):
                sign_in = "as one of the users that were added"
            elif settings.second_factor == REQUIRED:
                sign_in = "as a user, once there is one: python -m app user add NAME"
            if settings.feed != "kite":
                fill(url)
            _start_collecting(children, settings.feed, broker)
            # what TimescaleDB's own jobs do on Community; there it finds nothing due
            children.start("maintenance", ["-m", "db", "maintain", "--every", "5"])
            _wait_until_it_answers(settings, tend)
            say(f"\n  Dashboard   {address(settings)}\n  Sign in     {sign_in}\n")
            say("Ctrl-C stops it; the data stay.")
            while True:
                tend()
                time.sleep(_WATCH_S)
        finally:
            children.stop()


def _start_collecting(children: Children, feed: str, broker: StandInBroker | None) -> None:
    collect = ["-m", "app", "collect", "--feed", "simulate" if feed == "simulate" else "kite"]
    if broker is None:
        children.start("collector", collect)
        return
    children.start("broker", broker.arguments)
    children.start("collector", [*collect, "--source", "simulated"], broker.environment)


@contextmanager
def _database(settings: Settings, say: Say) -> "Iterator[tuple[URL, Callable[[], bool]]]":
    """The database of OI_DATABASE_URL, else a local server for as long as this lasts.

    With it what keeps it running, to be called often: whether it has moved to another port.
    """
    if settings.database_url:
        yield settings.database_url, lambda: False
        return
    from app.demo.database import LocalDatabase
    from db.server import local_server

    database = LocalDatabase(local_server(make_home=True), say)
    try:
        yield database.start(), database.tend
    finally:
        database.stop()


def _sign_in(settings: Settings) -> str:
    """Who signs in and how, in words; a random password is made the first time."""
    if settings.password_hash:
        return f"{settings.username}, with the password of OI_PASSWORD_HASH"
    path = settings.home / _PASSWORD_FILE
    if not path.exists():
        if signin.exists(settings.home):
            return "with the user name and password you have set"
        _keep(path, secrets.token_urlsafe(9))
    password = path.read_text(encoding="ascii").strip()
    known = signin.configured(settings)
    if known is None:
        hint = f"`make demo` prints the password; it is in {path}."
        signin.write(settings.home, settings.username, password, hint)
        return f"{settings.username} / {password}"
    if known.accepts(known.username, password):
        return f"{known.username} / {password}"
    return f"{known.username}, with the password you have set"


def _has_users(url: "URL") -> bool:
    """Whether there are users in the database, so that the demo's password opens nothing."""
    from db.engine import engine_for
    from db.queries.people import user_named

    engine = engine_for(url, read_only=True)
    try:
        with engine.connect() as connection:
            return user_named(connection, "").has_users
    finally:
        engine.dispose()


def _keep(path: Path, password: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_private(path, password + "\n")
    except OSError as error:
        raise OIError(f"{path} cannot be written: {explained(error)}.") from error


def _wait_until_it_answers(settings: Settings, tend: Callable[[], None]) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        tend()
        try:
            urllib.request.urlopen(address(settings) + "/healthz", timeout=5).close()  # noqa: S310
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(_POLL_S)
    raise OIError(f"The dashboard did not answer at {address(settings)} within a minute.")


def _outliving_a_full_disk(say: Say) -> Say:
    """What is said may go into a file: a line that finds no room must not end what goes on."""

    def said(line: str) -> None:
        try:
            say(line)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    return said
