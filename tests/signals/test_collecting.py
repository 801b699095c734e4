"""A collector tells signals of the chains it stores, and follows them on paper when it is to."""

import threading
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from app.collector import Collector, CollectorOptions
from app.collector.signalling import SignalOptions
from app.desk.paper.following import OWNER, Follower, ends_soon
from app.feeds.simulate.feed import SimulateFeed
from app.signals.train import Result
from db.engine import engine_for
from db.ingest.signals import Prediction
from db.market.clock import IST
from db.queries.paper import PaperPosition, open_positions
from db.queries.signals import Signal, latest_signal
from tests.signals.test_registry import kept
from tests.support.waiting import eventually

AT = datetime(2026, 8, 4, 11, 0, tzinfo=IST)


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()


@pytest.fixture
def collecting(engine: Engine, found: Result, tmp_path: Path) -> Iterator[None]:
    """A collector of a simulated chain, with a model, that stores each second."""
    # of the market as it is since its last change
    kept(tmp_path, found, (date(2026, 8, 3), date(2026, 9, 30)))
    options = CollectorOptions(1, tmp_path / "spool", signals=SignalOptions(tmp_path))
    collector = Collector(engine, SimulateFeed(exchanges=("NSE",)), options)
    running = threading.Thread(target=collector.run)
    running.start()
    yield
    collector.stop()
    running.join()


def told(engine: Engine) -> Signal | None:
    with engine.connect() as connection:
        return latest_signal(connection, "NSE")


def held(engine: Engine) -> tuple[PaperPosition, ...]:
    with engine.connect() as connection:
        return open_positions(connection, OWNER)


def predicted(signal: str, at: datetime) -> Prediction:
    return Prediction(
        **{"exchange": "NSE", "timestamp": at, "model_id": "abc", "signal": signal},
        **{"confidence": 0.5, "p_sell": 0.2, "p_hold": 0.3, "p_buy": 0.5, "rationale": "why"},
        **{"horizon_s": 900, "width": 0.5, "cost_bps": 3.0, "latency_ms": 1.0},
    )


@pytest.mark.usefixtures("collecting")
def test_signals_come_with_the_snapshots_and_can_be_followed(engine: Engine) -> None:
    def has_been_heard() -> bool:
        latest = told(engine)
        # at an hour at which the index stands in its auction that is said instead
        return latest is not None and (latest.signal is not None or "auction" in latest.rationale)

    eventually(has_been_heard)
    follower = Follower(engine, lots=1)

    def bought() -> bool:
        # until the chain at the money is quoted on both sides
        follower.follow(predicted("BUY", AT))
        return len(held(engine)) == 1

    eventually(bought)
    (call,) = held(engine)
    assert (call.option_type, call.units, call.exchange) == ("CE", call.lot_size, "NSE")


@pytest.mark.parametrize(
    ("at", "soon"),
    [
        ("2026-08-04T14:59:00+05:30", False),
        ("2026-08-04T15:01:00+05:30", True),
        ("2026-07-30T15:01:00+05:30", False),
        ("2026-08-04T21:00:00+05:30", False),
    ],
)
def test_a_day_is_left_before_its_end(at: str, soon: bool) -> None:
    assert ends_soon(datetime.fromisoformat(at)) is soon
