"""Applications whose threads end with the test, chains in a database, and a signed-in client."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL

from app import create_app
from app.web.auth import passwords, signin
from benchmarks.errors import BenchmarkError
from benchmarks.web import browser as browsers
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST
from db.market.ticks import EnrichedSnapshot
from db.roles.declared import WEB
from db.settings import Settings
from tests.collector.conftest import tape  # noqa: F401 - a fixture
from tests.support.chains import enriched_columns
from tests.support.databases import DatabaseServer
from tests.web import PASSWORD, USERNAME
from tests.web.serving import WebServer, web_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MakeApp = Callable[[Settings], Flask]
Store = Callable[..., EnrichedSnapshot]
HashesHeld = Counter[tuple[int, int, int]]

OPENING = datetime(2026, 8, 3, 9, 15, tzinfo=IST)
EXPIRY = date(2026, 8, 4)


@pytest.fixture
def make_app() -> Iterator[MakeApp]:
    """Makes applications and closes them after the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        app.extensions["oi"].close()


@pytest.fixture(scope="session")
def kept_sign_in(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The contents of a sign-in file; hashing takes a while on purpose, so it is done once."""
    home = tmp_path_factory.mktemp("signin")
    return signin.write(home, USERNAME, PASSWORD, hint="Printed where the demo runs.").read_bytes()


@pytest.fixture
def home(tmp_path: Path, kept_sign_in: bytes) -> Path:
    """A folder with a sign-in."""
    file = tmp_path / "signin"
    file.write_bytes(kept_sign_in)
    file.chmod(0o600)
    return tmp_path


@pytest.fixture
def as_web(server: DatabaseServer, database: URL) -> URL:
    """The migrated database for an account with the dashboard's rights and no others."""
    return server.as_member(WEB, database)


@pytest.fixture
def settings(home: Path, as_web: URL) -> Settings:
    """Settings for an application on a migrated database."""
    return replace(Settings(), home=home, database_url=as_web)


@pytest.fixture
def client(settings: Settings, make_app: MakeApp) -> FlaskClient:
    """A client that has signed in."""
    return signed_in(make_app(settings))


@pytest.fixture
def store(database: URL) -> Iterator[Store]:
    """Writes a snapshot of a small chain, as the collector does."""
    engine = engine_for(database)

    def write(exchange: str = "NSE", minute: float = 0, **changes: object) -> EnrichedSnapshot:
        snapshot = a_snapshot(exchange, OPENING + timedelta(minutes=minute), **changes)
        with engine.begin() as connection:
            write_snapshot(connection, snapshot)
        return snapshot

    yield write
    engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(browsers.chromium())
        except BenchmarkError as missing:
            pytest.skip(str(missing))
        yield browser


@pytest.fixture
def web(home: Path, as_web: URL) -> Iterator[WebServer]:
    with web_server(home, as_web) as server:
        yield server


def signed_in(app: Flask) -> FlaskClient:
    """A client of `app` that has gone through the login page.

    The application does not follow announcements, so that each request reads the database and a
    test sees at once what it has stored.
    """
    app.extensions["oi"].live.close()
    client = app.test_client()
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert found
    form = {"username": USERNAME, "password": PASSWORD, "csrf": found[1]}
    assert client.post("/login", data=form).status_code == 302
    return client


def a_snapshot(
    exchange: str,
    at: datetime,
    *,
    index: float = 26_010.0,
    oi: Callable[[float, str], int] = lambda strike, side: 6500 if side == "CE" else 13_000,
    strikes: int = 4,
    step: float = 50.0,
    future_symbol: str = "NIFTY26AUGFUT",
) -> EnrichedSnapshot:
    """A chain of `strikes` strikes either side of 26,000 with the given OI."""
    rows = [26_000 + step * n for n in range(-strikes, strikes + 1)]
    return EnrichedSnapshot(
        exchange=exchange,
        timestamp=at,
        options=enriched_columns(
            [_option(strike, side, index, at, oi) for strike in rows for side in _SIDES]
        ),
        underlying_price=index,
        future_price=index + 90,
        future_oi=1_300_000,
        future_symbol=future_symbol,
        vix=12.5,
        atm_strike=26_000.0,
        features={"itm_ce_breadth": 0.5, "itm_pe_breadth": 0.25},
    )


_SIDES = ("CE", "PE")


def _option(
    strike: float, side: str, index: float, at: datetime, oi: Callable[[float, str], int]
) -> dict[str, object]:
    expiry = datetime(EXPIRY.year, EXPIRY.month, EXPIRY.day, 15, 30, tzinfo=IST)
    return {
        "strike": strike,
        "option_type": side,
        "symbol": f"NIFTY26804{strike:.0f}{side}",
        "token": int(strike) * 2 + (side == "PE"),
        "expiry": EXPIRY,
        "time_to_expiry_seconds": int((expiry - at).total_seconds()),
        "underlying_price": index,
        "oi": oi(strike, side),
        "ltp": 100.25,
        "volume": 650,
        "iv": 11.5,
    }


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HashesHeld:
    """How many hashes a password was held against, by their memory, time and parallelism."""
    counts: HashesHeld = Counter()
    matches = passwords._matches

    def counted(password_hash: str, password: str, source: str) -> bool:
        made = extract_parameters(password_hash)
        counts[made.memory_cost, made.time_cost, made.parallelism] += 1
        return matches(password_hash, password, source)

    monkeypatch.setattr(passwords, "_matches", counted)
    return counts
