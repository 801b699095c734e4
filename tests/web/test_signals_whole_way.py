"""From stored features to a model, live signals, a restart, and a moment with those of then."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine

from app.cli import train
from app.collector import Collector, CollectorOptions
from app.collector.signalling import SignalOptions
from app.feeds.simulate.feed import SimulateFeed
from db.engine import engine_for
from db.market.clock import IST, market_now
from db.queries.signals import Signal, latest_signal
from db.settings import Settings
from tests.signals.market import frame
from tests.signals.test_train_command import store
from tests.support.waiting import eventually

MORNING = datetime(2026, 11, 25, 11, 0, tzinfo=IST)
DAYS = ("--from", "2026-08-10", "--to", "2026-09-30")


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()


@contextmanager
def collecting(engine: Engine, home: Path, begin: datetime) -> Iterator[None]:
    """A collector of a simulated chain whose market begins at a moment."""
    late = market_now() - begin

    def now() -> datetime:
        return market_now() - late

    options = CollectorOptions(1, home / "spool", signals=SignalOptions(home))
    collector = Collector(engine, SimulateFeed(exchanges=("NSE",), now=now), options, now)
    running = threading.Thread(target=collector.run)
    running.start()
    try:
        yield
    finally:
        collector.stop()
        running.join()
        # a collector waits a moment for it only; nothing of it may outlive the database
        for each in threading.enumerate():
            if each.name == "signals":
                each.join()


def told(engine: Engine, is_it: Callable[[Signal], bool]) -> Signal:
    """The newest signal, once it is the one that is waited for."""
    found: list[Signal] = []

    def has_come() -> bool:
        with engine.connect() as connection:
            newest = latest_signal(connection, "NSE")
        if newest is not None and newest.signal is not None and is_it(newest):
            found.append(newest)
        return bool(found)

    eventually(has_come)
    return found[0]


def test_signals_are_trained_told_live_over_a_restart_and_replayed(
    client: FlaskClient, engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.write_engine", lambda: engine)
    monkeypatch.setattr("db.settings.settings", lambda: Settings(home=home))
    with engine.begin() as connection:
        store(connection, frame(16, effect=1, seed=0, first="2026-08-10"))
    done = CliRunner().invoke(train.command, ["--exchange", "NSE", *DAYS, "--folds", "1"])
    assert done.exit_code == 0, done.output
    assert "served" in done.output
    with collecting(engine, home, MORNING):
        first = told(engine, lambda _: True)
        live = client.get("/api/data/NSE").json
        assert live is not None
        assert live["ml_metadata"]["model_id"] == first.model_id
    later = MORNING + timedelta(minutes=10)
    with collecting(engine, home, later):
        told(engine, lambda found: found.timestamp is not None and found.timestamp >= later)
    assert first.timestamp is not None
    at = first.timestamp.isoformat()
    then = client.get("/api/as-of/NSE", query_string={"at": at}).json["summary"]
    assert (then["ml_signal"], then["ml_metadata"]["signal_id"]) == (first.signal, at)
    turns = client.get("/api/series/NSE/signals").json
    assert turns["day"] == "2026-11-25"
    assert turns["signals"][0] == first.signal
    # what was said before the restart ran out while nobody looked
    assert None in turns["signals"][1:-1]
