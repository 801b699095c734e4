"""Signals beside a collector: told of what is stored, kept, settled, and silent without a model."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select

from app.collector.signalling import SignalOptions, SignalWatch
from app.signals.labels import Rules, labels
from app.signals.predict import AUCTION
from app.signals.train import Result
from db.engine import engine_for
from db.ingest.context import write_features
from db.market.clock import IST
from db.market.ticks import EnrichedSnapshot, SnapshotContext
from db.queries.signals import (
    latest_signal,
    signal_at,
    signal_drift,
    signal_quality,
    signal_runs,
)
from db.schema import predictions
from tests.signals.market import frame
from tests.signals.test_registry import kept
from tests.signals.test_train_command import store
from tests.support.waiting import eventually

DAY = frame(1, effect=1, seed=9)
MOMENTS = [instant.replace(tzinfo=IST) for instant in DAY.instants.tolist()]


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()


@pytest.fixture
def watch(engine: Engine, tmp_path: Path) -> Iterator[SignalWatch]:
    made = SignalWatch(engine, SignalOptions(tmp_path, 0.45, 300))
    made.start()
    yield made
    made.close()


def snapshot(i: int, at: datetime | None = None) -> EnrichedSnapshot:
    """The row of that minute as a collector has just stored it; it has no contracts."""
    known = {name: float(column[i]) for name, column in DAY.columns.items()}
    context = SnapshotContext(
        exchange="NSE",
        timestamp=at or MOMENTS[i],
        underlying_price=known["underlying_price"],
        vix=known["vix"],
        features=known,
        source="simulated",
    )
    fields = {name: getattr(context, name) for name in SnapshotContext.__slots__}
    return EnrichedSnapshot(**fields, options=None)  # type: ignore[arg-type]


def signal(engine: Engine) -> object:
    with engine.connect() as connection:
        return latest_signal(connection, "NSE")


def drifted(engine: Engine) -> object:
    with engine.connect() as connection:
        return signal_drift(connection, "NSE")


def test_without_a_model_it_says_so(engine: Engine, watch: SignalWatch) -> None:
    watch.saw(snapshot(40))
    eventually(lambda: signal(engine) is not None)
    found = signal(engine)
    assert (found.signal, found.rationale) == (None, "no model")  # type: ignore[attr-defined]


def test_a_damaged_model_is_no_model(
    engine: Engine, watch: SignalWatch, found: Result, tmp_path: Path
) -> None:
    _, folder, _ = kept(tmp_path, found)
    (folder / "model.txt.gz").write_bytes(b"x")

    def says() -> bool:
        watch.saw(snapshot(40))
        return "missing or damaged" in getattr(signal(engine), "rationale", "")

    eventually(says)


def test_what_is_stored_is_told_kept_and_settled(
    engine: Engine, watch: SignalWatch, found: Result, tmp_path: Path
) -> None:
    _, _, model_id = kept(tmp_path, found)
    with engine.begin() as connection:
        store(connection, DAY.rows(slice(0, 120)))

    def told(i: int) -> bool:
        watch.saw(snapshot(i))
        return getattr(signal(engine), "timestamp", None) == MOMENTS[i]

    eventually(lambda: told(60))
    with engine.connect() as connection:
        made = signal_at(connection, "NSE", MOMENTS[60] + timedelta(seconds=30))
        assert made is not None
        assert made.model_id == model_id
        assert made.latency_ms is not None
        assert signal_at(connection, "NSE", MOMENTS[59]) is None
        assert signal_at(connection, "NSE", MOMENTS[60] + timedelta(minutes=5)) is None
    eventually(lambda: drifted(engine) is not None)
    # another process that begins later joins what came of it
    later = SignalWatch(engine, SignalOptions(tmp_path, 0.45, 300))
    later.start()

    def settled() -> bool:
        later.saw(snapshot(80))
        with engine.connect() as connection:
            rows = connection.execute(
                select(predictions.c.outcome).where(predictions.c.timestamp == MOMENTS[60])
            )
            return rows.scalar() is not None

    eventually(settled)
    later.close()
    expected = labels(DAY, Rules(**{n: getattr(found.plan.rules, n) for n in Rules.__slots__}))
    with engine.connect() as connection:
        runs = signal_runs(connection, "NSE", MOMENTS[0], MOMENTS[-1])
        assert runs[0].outcome == expected.side[60]
        (day,) = signal_quality(connection, "NSE", MOMENTS[0], MOMENTS[-1])
    assert (day.day, day.settled) == (MOMENTS[0].date(), 1)
    assert day.told == (runs[0].signal != "HOLD")


def test_the_auction_ends_the_signal(
    engine: Engine, watch: SignalWatch, found: Result, tmp_path: Path
) -> None:
    kept(tmp_path, found)
    auction = datetime(2026, 8, 4, 15, 20, tzinfo=IST)

    def says() -> bool:
        watch.saw(snapshot(40, auction))
        return getattr(signal(engine), "rationale", None) == AUCTION

    eventually(says)
    with engine.connect() as connection:
        assert connection.execute(select(predictions)).all() == []


def test_a_snapshot_that_waited_out_an_outage_says_nothing(
    engine: Engine, found: Result, tmp_path: Path
) -> None:
    kept(tmp_path, found)
    late = replace(snapshot(40), source="live")
    watch = SignalWatch(
        engine, SignalOptions(tmp_path), now=lambda: MOMENTS[40] + timedelta(minutes=2)
    )
    watch.start()
    watch.saw(late)
    present = SignalWatch(engine, SignalOptions(tmp_path / "none"))
    present.start()
    present.saw(replace(snapshot(41), exchange="BSE"))
    with engine.connect() as connection:
        eventually(lambda: _has(engine, "BSE"))
        assert latest_signal(connection, "NSE") is None
    watch.close()
    present.close()


def _has(engine: Engine, exchange: str) -> bool:
    with engine.connect() as connection:
        return latest_signal(connection, exchange) is not None


def test_what_fails_here_ends_nothing(
    engine: Engine, watch: SignalWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def fails(exchange: str) -> str:
        tried.append(exchange)
        if len(tried) == 1:
            raise RuntimeError("the first one fails")
        return "no model"

    monkeypatch.setattr(watch._models, "of", fails)
    watch.saw(snapshot(40))
    eventually(lambda: len(tried) == 1)
    watch.saw(snapshot(41))
    eventually(lambda: _has(engine, "NSE"))


def test_features_are_those_that_are_stored(engine: Engine) -> None:
    from app.signals.frame import stored_frame

    with engine.begin() as connection:
        write_features(connection, snapshot(5))
        found = stored_frame(connection, "NSE", MOMENTS[5], MOMENTS[5])
    assert found["itm_ce_breadth"][0] == DAY["itm_ce_breadth"][5]
    assert found.price[0] == DAY.price[5]
