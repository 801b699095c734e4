"""What a model is given: equal to a slow reading of its definitions, and blind to the future."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest

from app.feeds.simulate.chain import chain_block
from app.feeds.simulate.columns import snapshot_contexts
from app.feeds.simulate.contracts import expiry_at
from app.signals.frame import Frame
from app.signals.inputs import INPUTS, NAMES, matrix, newest
from db.market.exchanges import EXCHANGES
from tests.signals.market import frame

SEED = 20251001


def everything() -> Frame:
    """Two days with a value in every column, some unknown, at uneven instants."""
    made = frame(2, effect=1, seed=SEED, step_s=30)
    rng = np.random.default_rng(SEED)
    kept = np.sort(rng.choice(len(made), len(made) * 2 // 3, replace=False))
    part = made.rows(kept)
    names = (
        *("pcr_itm_oi", "pcr_total_volume", "itm_pe_breadth", "itm_oi_ce_pct_change_3m_wavg"),
        *("itm_oi_pe_pct_change_3m_wavg", "percent_oichange_fut_3m", "atm_shift_intensity"),
        *("net_gamma_exposure", "dealer_vanna_exposure", "dealer_charm_exposure"),
        *("gamma_flip_level", "ce_volume_to_oi_ratio", "pe_volume_to_oi_ratio"),
        *("iv_skew", "time_to_expiry_hours", "total_itm_oi_ce", "total_itm_oi_pe"),
    )
    columns = {**part.columns, **{name: rng.uniform(1, 9, len(part)) for name in names}}
    for column in columns.values():
        column[rng.random(len(part)) < 0.02] = np.nan
    return Frame(part.instants, columns)


def before(data: Frame, name: str, i: int, minutes: int) -> float:
    """The slow reading: walk back from a row to one of its day that is old enough."""
    now = data.instants[i].item()
    for j in range(i, -1, -1):
        then = data.instants[j].item()
        age = now - then
        if age >= timedelta(minutes=minutes):
            is_late = age > timedelta(minutes=minutes + 2) or then.date() != now.date()
            return float("nan") if is_late else float(data[name][j])
    return float("nan")


def slow(data: Frame, i: int) -> dict[str, float]:
    def at(name: str) -> float:
        return float(data[name][i])

    price = at("underlying_price")
    worth = (at("total_itm_oi_ce") + at("total_itm_oi_pe")) * price
    return {
        "pcr_change_15m": at("pcr_total_oi") - before(data, "pcr_total_oi", i, 15),
        "vix_change_15m": at("vix") - before(data, "vix", i, 15),
        "premium_pct": 100 * at("futures_premium") / price,
        "gamma": at("net_gamma_exposure") / worth,
        "vanna": at("dealer_vanna_exposure") / worth,
        "charm": at("dealer_charm_exposure") / worth,
        "to_gamma_flip": 100 * (at("gamma_flip_level") / price - 1),
        "itm_ce_change": at("itm_oi_ce_pct_change_3m_wavg"),
        "itm_pe_change": at("itm_oi_pe_pct_change_3m_wavg"),
        "future_oi_change": at("percent_oichange_fut_3m"),
        "atm_shift": at("atm_shift_intensity"),
        "ce_turnover": at("ce_volume_to_oi_ratio"),
        "pe_turnover": at("pe_volume_to_oi_ratio"),
        "hours_to_expiry": at("time_to_expiry_hours"),
        **{
            f"index_{m}m": 100 * (price / before(data, "underlying_price", i, m) - 1)
            for m in (3, 15, 30)
        },
    }


def test_every_input_is_what_a_slow_reading_of_its_definition_gives() -> None:
    data = everything()
    made = matrix(data)
    for i in range(0, len(data), 17):
        reference = slow(data, i)
        for place, name in enumerate(NAMES):
            wanted = reference[name] if name in reference else float(data[name][i])
            assert made[i, place] == pytest.approx(wanted, nan_ok=True), (name, i)


def test_nothing_that_comes_later_changes_an_input() -> None:
    data = everything()
    made = matrix(data)
    rng = np.random.default_rng(SEED)
    for i in rng.choice(len(data), 40, replace=False):
        known = data.rows(slice(0, int(i) + 1))
        np.testing.assert_array_equal(matrix(known)[-1], made[i], err_msg=f"row {i}, seed {SEED}")


def test_live_is_given_what_history_was() -> None:
    data = everything()
    made = matrix(data)
    for i in range(0, len(data), 23):
        np.testing.assert_array_equal(newest(data.rows(slice(0, i + 1)))[0], made[i])


def test_no_input_is_a_level() -> None:
    data = everything()
    scaled = {
        name: column * 2 if name in ("underlying_price", "gamma_flip_level") else column
        for name, column in data.columns.items()
    }
    moved = matrix(Frame(data.instants, {**scaled, "futures_premium": 2 * data["futures_premium"]}))
    same = [i for i, each in enumerate(INPUTS) if each.name not in ("gamma", "vanna", "charm")]
    np.testing.assert_allclose(moved[:, same], matrix(data)[:, same], rtol=1e-6, atol=1e-9)


def test_no_feature_of_a_chain_knows_what_comes_later() -> None:
    """A simulated day, computed whole and as far as it had gone at random instants."""
    day = date(2026, 8, 4)
    expiry = expiry_at(EXCHANGES["NSE"], day, 10 * 3600)
    seconds = np.arange(10 * 3600, 12 * 3600, 30)

    def until(count: int) -> list[Mapping[str, object]]:
        block = chain_block(1, "NSE", expiry, day, seconds[:count], 21)
        return [each.features for each in snapshot_contexts(block)]

    whole = until(len(seconds))
    for count in np.random.default_rng(SEED).choice(np.arange(2, len(seconds)), 8, replace=False):
        assert until(int(count))[-1] == whole[count - 1], f"{count} snapshots, seed {SEED}"
