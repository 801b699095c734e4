"""Features of ml_features against sums written out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from app.analytics.black_scholes import greeks
from app.analytics.features import ChainFigures, atm_shift_intensity, features

STRIKES = np.arange(90.0, 111.0, 2.0)


def chain(seed: int = 7) -> ChainFigures:
    rng = np.random.default_rng(seed)
    strike = np.concatenate([STRIKES, STRIKES])
    is_call = np.arange(len(strike)) < len(STRIKES)
    oi = rng.integers(1, 1000, len(strike)).astype(float)
    return ChainFigures(
        strike=strike,
        is_call=is_call,
        oi=oi,
        oi_before=rng.integers(1, 1000, len(strike)).astype(float),
        volume=oi * 3,
        volatility=np.full(len(strike), 0.15),
        greeks=greeks(is_call, 100.3, strike, 0.02, 0.15),
        underlying=np.array(100.3),
        future=np.array(101.0),
        future_oi=np.array(110.0),
        future_oi_before=np.array(100.0),
        vix=np.array(12.5),
        hours_to_expiry=np.array(24.0),
        step=2.0,
    )


def found(state: ChainFigures) -> dict[str, float]:
    return {name: float(v) for name, v in features(state, np.array([100.3])).items()}


def test_in_the_money_figures_take_atm_and_five_strikes() -> None:
    state = chain()
    itm = [
        i
        for i, (k, call) in enumerate(zip(state.strike, state.is_call, strict=True))
        if call and 90 <= k <= 100
    ]
    change = {i: (state.oi[i] / state.oi_before[i] - 1) * 100 for i in itm}
    result = found(state)
    assert result["total_itm_oi_ce"] == sum(state.oi[i] for i in itm)
    assert result["itm_ce_breadth"] == sum(change[i] > 0 for i in itm) / 6
    assert result["itm_oi_ce_pct_change_3m_wavg"] == pytest.approx(
        sum(change[i] * state.oi[i] for i in itm) / sum(state.oi[i] for i in itm)
    )


def test_figures_of_the_underlying() -> None:
    result = found(chain())
    assert result["futures_premium"] == pytest.approx(0.7)
    assert result["percent_oichange_fut_3m"] == pytest.approx(10.0)
    assert result["vix"] == 12.5
    assert result["time_to_expiry_hours"] == 24.0


def test_volume_to_oi_is_a_ratio_of_totals() -> None:
    assert found(chain())["ce_volume_to_oi_ratio"] == pytest.approx(3.0)


def test_what_is_known_of_no_contract_is_no_zero() -> None:
    state = chain()
    oi = np.where(state.is_call, state.oi, np.nan)
    result = found(replace(state, oi=oi, volume=np.full(len(oi), np.nan)))
    for name in ("total_itm_oi_pe", "pcr_total_oi", "pcr_itm_oi", "ce_volume_to_oi_ratio"):
        assert np.isnan(result[name]), name


def test_net_gamma_is_calls_minus_puts_for_one_percent() -> None:
    state = chain()
    side = np.where(state.is_call, 1, -1)
    expected = float(np.sum(side * state.greeks.gamma * state.oi) * 100.3**2 / 100)
    assert found(state)["net_gamma_exposure"] == pytest.approx(expected)


def test_gamma_flips_where_the_puts_below_meet_the_calls_above() -> None:
    state = chain()
    oi = np.where(state.is_call == (state.strike > 100), 1000.0, 1.0)
    oi = np.where(state.is_call & (state.strike > 100), 9000.0, oi)
    balanced = ChainFigures(**{**_fields(state), "oi": oi})
    assert 100 < found(balanced)["gamma_flip_level"] <= 106


def test_a_chain_without_a_baseline_has_no_breadth() -> None:
    state = chain()
    blind = ChainFigures(**{**_fields(state), "oi_before": np.full(len(state.oi), np.nan)})
    result = found(blind)
    assert np.isnan(result["itm_ce_breadth"])
    assert np.isnan(result["itm_oi_pe_pct_change_3m_wavg"])
    assert np.isfinite(result["pcr_total_oi"])


def test_atm_shift_is_unknown_with_one_snapshot_and_bounded_with_many() -> None:
    assert np.isnan(atm_shift_intensity(np.array([100.0]), 2.0))
    assert float(atm_shift_intensity(np.array([100.0] * 10), 2.0)) == 0.0
    assert float(atm_shift_intensity(np.array([0.0, 1000.0] * 5), 2.0)) == 1.0


def test_many_instants_at_once_equal_each_alone() -> None:
    one, two = chain(1), chain(2)
    stacked = ChainFigures(
        **{
            **_fields(one),
            **{
                name: np.stack([getattr(one, name), getattr(two, name)])
                for name in (
                    *("oi", "oi_before", "volume", "underlying", "future", "future_oi"),
                    *("volatility", "future_oi_before", "vix", "hours_to_expiry"),
                )
            },
        }
    )
    both = features(stacked, np.array([[100.3], [100.3]]))
    for name, values in both.items():
        alone = [found(one)[name], found(two)[name]]
        np.testing.assert_allclose(values, alone, rtol=1e-12, err_msg=name)


def _fields(state: ChainFigures) -> dict[str, object]:
    return {name: getattr(state, name) for name in ChainFigures.__slots__}
