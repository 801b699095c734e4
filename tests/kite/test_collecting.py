"""`python -m app collect --feed kite` against the stand-in, as a person runs it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.kite.gaps import missing_minutes
from app.kite.session import SessionStore
from app.kite.standin import Fault, StandIn
from app.kite.standin.hours import Hours
from db.market.calendar import Session
from db.market.clock import IST, market_now
from tests.kite.standin.conftest import SEED
from tests.support.paths import ROOT
from tests.support.waiting import eventually

KEY = "a key of these tests"


@pytest.fixture
def broker() -> Iterator[StandIn]:
    """One that trades now, at whatever hour that is."""
    with StandIn(seed=SEED, hours=Hours(always=True), interval_s=0.2) as found:
        yield found


@contextmanager
def collecting(
    broker: StandIn, database: URL, home: Path, log: Path, **more: str
) -> Iterator[None]:
    environment = os.environ | {
        "OI_DATABASE_URL": database.render_as_string(hide_password=False),
        "OI_HOME": str(home),
        "OI_SECRET_KEY": KEY,
        "OI_KITE_API_KEY": "standin",
        "OI_KITE_API_SECRET": "standin-secret",
        "OI_KITE_ROOT": broker.url,
        "OI_KITE_TICKER_ROOT": broker.ws_url,
        "OI_SNAPSHOT_INTERVAL_S": "1",
        "OI_BOOTSTRAP_DAYS": "0",
        **more,
    }
    command = [*("-m", "app", "collect", "--feed", "kite"), *("--source", "simulated", "--json")]
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=said, stderr=said
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
    assert code == 0, log.read_text()


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
    assert isinstance(found, int)
    return found


def test_it_waits_for_a_login_stores_what_comes_and_outlives_the_broker(
    broker: StandIn, database: URL, engine: Engine, tmp_path: Path
) -> None:
    log, home = tmp_path / "log", tmp_path / "home"
    store = SessionStore(home / "kite" / "standin", KEY)
    with collecting(broker, database, home, log):
        eventually(lambda: "Nobody is logged in at the broker" in log.read_text())
        assert count(engine, "option_chain_snapshots") == 0
        store.keep("SI0001", broker.sessions.sign_in())
        eventually(lambda: count(engine, "option_chain_snapshots") > 2_000)
        listed = sum(row.expiry is not None for row in broker.market.listings().rows)
        eventually(lambda: count(engine, "instruments") == listed)
        _outlives(broker, engine, store, log)
    said = log.read_text()
    assert broker.sessions.sign_in() not in said
    assert re.search(r"access_token|standin-secret", said) is None
    # the account says so, and the feed, however often they look; and the account once more where
    # it asks for quotes before the ticker is refused
    assert said.count("Nobody is logged in") <= 3


def _outlives(broker: StandIn, engine: Engine, store: SessionStore, log: Path) -> None:
    broker.stop()
    eventually(lambda: "the ticker's connection is lost" in log.read_text())
    broker.start()
    broker.fault(Fault.EXPIRED)
    eventually(lambda: _is_refused(log.read_text()))
    rows = count(engine, "option_chain_snapshots")
    store.keep("SI0001", broker.sessions.sign_in())
    eventually(lambda: count(engine, "option_chain_snapshots") > rows)


def _is_refused(said: str) -> bool:
    """Whether the end of the session was noticed; in market hours not by the ticker alone."""
    lost = said.partition("the ticker's connection is lost")[2]
    return "log in at the broker again" in lost or "Nobody is logged in" in lost


NARROW = """
defaults = false
[[exchange]]
key = "NSE"
label = "NIFTY"
underlying = "NIFTY"
name = "NIFTY 50"
segment = "NFO"
index = "NSE:NIFTY 50"
index_token = 256265
strike_step = 50.0
expiry = "monthly"
strikes = 1
"""


def trading_since(opens: datetime) -> str:
    """A calendar of a market that opened then and is still open, though midnight should pass.

    The day before it had one minute: it is the other of two days where midnight has not passed.
    """
    hours = (("09:00:00", "09:01:00"), (f"{opens:%H:%M}:00", "23:59:59"), ("00:00:00", "23:59:59"))
    return "".join(
        f"[[special]]\ndate = {(opens + timedelta(days=days)).date()}\n"
        f"opens = {first}\ncloses = {last}\n"
        for days, (first, last) in zip((-1, 0, 1), hours, strict=True)
    )


def test_beside_it_the_past_of_the_day_is_filled_and_the_vix_is_stored(
    broker: StandIn, database: URL, engine: Engine, tmp_path: Path
) -> None:
    now = market_now().replace(second=0, microsecond=0)
    opens = now - timedelta(minutes=20)
    calendar, exchanges = tmp_path / "calendar.toml", tmp_path / "exchanges.toml"
    calendar.write_text(trading_since(opens))
    exchanges.write_text(NARROW)
    SessionStore(tmp_path / "home" / "kite" / "standin", KEY).keep(
        "SI0001", broker.sessions.sign_in()
    )
    files = {"OI_CALENDAR_FILE": str(calendar), "OI_EXCHANGES_FILE": str(exchanges)}
    log = tmp_path / "log"
    with collecting(broker, database, tmp_path / "home", log, **files, OI_BOOTSTRAP_DAYS="2"):
        eventually(lambda: "snapshots stored from candles" in log.read_text())
        eventually(lambda: count(engine, "vix_term_structure"))
    statement = text("SELECT DISTINCT timestamp FROM option_chain_snapshots ORDER BY timestamp")
    with engine.connect() as connection:
        stored = [at.replace(tzinfo=IST) for at in connection.scalars(statement)]
    closes = opens.replace(hour=23, minute=59, second=59)
    session = Session(opens, opens, closes, closes)
    assert missing_minutes(stored, session, now, 30) == []
