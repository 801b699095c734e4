"""Predictions: the model's own words on the newest row, sides that cool down, and silence."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.signals.decide import decided
from app.signals.inputs import matrix
from app.signals.model import CLASSES, Model
from app.signals.models import LOADING, NO_MODEL, Models
from app.signals.predict import AUCTION, NOT_TRADING, Predictor, why_outdated, why_silent
from app.signals.registry import Registry
from app.signals.train import Result
from db.market.clock import IST
from tests.signals.market import frame
from tests.signals.test_registry import kept
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def model(found: Result, tmp_path_factory: pytest.TempPathFactory) -> Model:
    registry, _, model_id = kept(tmp_path_factory.mktemp("models"), found)
    return registry.load(model_id)


def moments(data: object) -> list[datetime]:
    return [instant.replace(tzinfo=IST) for instant in data.instants.tolist()]  # type: ignore[attr-defined]


def test_live_says_what_history_would(model: Model) -> None:
    data = frame(1, effect=1, seed=9)
    chances = model.probabilities(matrix(data))
    told = decided(chances, 0.45)
    predictor = Predictor("NSE", threshold=0.45, cooldown_s=0)
    for i, at in enumerate(moments(data)[:60]):
        row = {name: float(column[i]) for name, column in data.columns.items()}
        made = predictor.predict(model, at, row)
        assert made.signal == CLASSES[told[i]]
        assert (made.p_sell, made.p_hold, made.p_buy) == pytest.approx(tuple(chances[i]))
        assert made.confidence == pytest.approx(chances[i][told[i]])
    assert len(predictor.recent.rows) <= 33


def test_a_process_that_begins_anew_knows_what_was_before(model: Model) -> None:
    data = frame(1, effect=1, seed=9)
    chances = model.probabilities(matrix(data))
    predictor = Predictor("NSE", threshold=0.45, cooldown_s=0)
    predictor.recent.learn(data.rows(slice(0, 100)))
    row = {name: float(column[100]) for name, column in data.columns.items()}
    made = predictor.predict(model, moments(data)[100], row)
    assert (made.p_sell, made.p_hold, made.p_buy) == pytest.approx(tuple(chances[100]))


def test_the_other_side_is_held_back_for_a_while(model: Model) -> None:
    data = frame(2, effect=1, seed=9)
    told = decided(model.probabilities(matrix(data)), 0.45)
    buy = int(np.flatnonzero(told == 2)[0])
    sell = int(np.flatnonzero((told == 0) & (np.arange(len(told)) > buy))[0])
    rows = [{n: float(c[i]) for n, c in data.columns.items()} for i in (buy, sell)]
    at = moments(data)[sell]

    def said(since: timedelta) -> tuple[str, str]:
        predictor = Predictor("NSE", threshold=0.45, cooldown_s=300)
        predictor.recent.learn(data.rows(slice(0, sell)))
        predictor.side = "BUY", at - since
        made = predictor.predict(model, at, rows[1])
        return made.signal, made.rationale

    held, why = said(timedelta(seconds=299))
    assert held == "HOLD"
    assert why.startswith("SELL is held back: BUY was told at ")
    assert said(timedelta(seconds=300))[0] == "SELL"


def test_reasons_name_what_speaks_for_it(model: Model) -> None:
    predictor = Predictor("NSE", threshold=0.4, cooldown_s=0)
    at = datetime(2025, 10, 8, 11, 0, tzinfo=IST)
    row = {"underlying_price": 25_000.0, "vix": 13.0, "itm_ce_breadth": 0.95, "pcr_total_oi": 1.0}
    made = predictor.predict(model, at, row)
    assert made.signal == "BUY"
    assert "breadth of ITM calls 0.95 (+)" in made.rationale
    assert "in 15 min after costs" in made.rationale
    assert predictor.is_news(made)
    assert not predictor.is_news(made)


@pytest.mark.parametrize(
    ("at", "live", "simulated"),
    [
        ("2026-08-04T09:05", NOT_TRADING, None),
        ("2026-08-04T15:14", None, None),
        ("2026-08-04T15:20", AUCTION, AUCTION),
        ("2026-08-04T15:36", NOT_TRADING, NOT_TRADING),
        ("2026-08-04T21:00", NOT_TRADING, None),
        ("2026-07-30T15:20", None, None),
    ],
)
def test_none_is_made_of_an_index_that_stands_still(
    at: str, live: str | None, simulated: str | None
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=IST)
    assert why_silent(moment, is_live=True) == live
    assert why_silent(moment, is_live=False) == simulated


@pytest.mark.parametrize(
    ("learnt", "day", "is_told"),
    [
        ("2024-11-19", "2024-11-20", False),
        ("2025-08-29", "2025-09-01", False),
        ("2026-07-31", "2026-08-03", False),
        ("2026-08-03", "2026-11-26", True),
        ("2025-09-01", "2026-07-31", True),
    ],
)
def test_a_model_says_nothing_of_a_market_that_has_changed_since(
    model: Model, learnt: str, day: str, is_told: bool
) -> None:
    old = replace(model, last_day=date.fromisoformat(learnt))
    why = why_outdated(old, date.fromisoformat(day))
    assert why is None if is_told else f"the market changed on {day} (" in str(why)


def test_models_are_loaded_in_the_background_and_replaced(found: Result, tmp_path: Path) -> None:
    models = Models(tmp_path)
    assert models.of("NSE") == NO_MODEL
    registry, folder, model_id = kept(tmp_path, found)
    assert models.of("NSE") == LOADING or isinstance(models.of("NSE"), Model)
    eventually(lambda: isinstance(models.of("NSE"), Model))
    first = models.of("NSE")
    assert models.of("NSE") is first
    assert models.of("BSE") == NO_MODEL
    (folder / "model.txt.gz").unlink()
    assert models.of("NSE") is first
    registry.serve("0" * 16)
    eventually(lambda: str(models.of("NSE")).startswith(f"{NO_MODEL}: "))
    registry.serve(model_id)
    eventually(lambda: "missing or damaged" in str(models.of("NSE")))
    models.close()
    assert Registry(tmp_path, "NSE").served_id() == model_id


def test_models_can_be_waited_for(found: Result, tmp_path: Path) -> None:
    models = Models(tmp_path)
    kept(tmp_path, found)
    models.load(("NSE", "BSE"))
    assert isinstance(models.of("NSE"), Model)
    assert models.of("BSE") == NO_MODEL
    models.close()
