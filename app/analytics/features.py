"""The features that ml_features holds, computed from a chain at one or many instants.

Definitions follow the legacy program (columns of `ml_features`): in-the-money figures take ATM and
the five strikes on its in-the-money side; changes are over three minutes. Exposures use the greeks
themselves where that program had stand-ins.
"""

from dataclasses import dataclass

import numpy as np

from app.analytics import moneyness, open_interest
from app.analytics.black_scholes import Bools, Floats, Greeks
from app.analytics.open_interest import known_total
from app.analytics.smile import skew
from db.market.limits import ITM_STRIKES

SHIFT_WINDOW = 10


@dataclass(frozen=True, slots=True, eq=False)
class ChainFigures:
    """A chain at one instant (contracts,) or at many (instants, contracts).

    `strike` and `is_call` are (contracts,); figures of the underlying have the leading axes only.
    `oi_before` is the OI three minutes earlier, `volatility` a fraction a year; NaN is unknown
    throughout. `atm` is the strike at
    the money where it is not the one nearest to `underlying`.
    """

    strike: Floats
    is_call: Bools
    oi: Floats
    oi_before: Floats
    volume: Floats
    volatility: Floats
    greeks: Greeks
    underlying: Floats
    future: Floats
    future_oi: Floats
    future_oi_before: Floats
    vix: Floats
    hours_to_expiry: Floats
    step: float
    atm: Floats | None = None


def features(state: ChainFigures, recent_underlying: Floats) -> dict[str, Floats]:
    """Columns of ml_features by name, each with the leading axes of the state.

    `recent_underlying` is (…, up to 10): the index at this and earlier snapshots, oldest first.
    """
    return {
        **_ratios(state),
        **_underlying(state, recent_underlying),
        **_in_the_money(state),
        **_exposures(state),
        "iv_skew": skew(state.strike, state.is_call, state.volatility, state.greeks.delta),
    }


def atm_shift_intensity(recent_underlying: Floats, step: float) -> Floats:
    """How fast ATM moves, 0 … 1: an average of |shift in strikes|, newest weighing most.

    An exponentially weighted mean with α = 2 / 11 over the last ten snapshots, divided by ten.
    NaN with fewer than two snapshots.
    """
    shifts = np.abs(np.diff(np.round(recent_underlying / step), axis=-1))
    if shifts.shape[-1] == 0:
        return np.full(shifts.shape[:-1], np.nan)
    alpha = 2 / (SHIFT_WINDOW + 1)
    mean = shifts[..., 0]
    for k in range(1, shifts.shape[-1]):
        mean = alpha * shifts[..., k] + (1 - alpha) * mean
    return np.minimum(1.0, mean / SHIFT_WINDOW)


def _ratios(state: ChainFigures) -> dict[str, Floats]:
    calls, puts = state.is_call, ~state.is_call
    return {
        "pcr_total_oi": open_interest.put_call_ratio(calls, state.oi),
        "pcr_total_volume": open_interest.put_call_ratio(calls, state.volume),
        "ce_volume_to_oi_ratio": _ratio(
            known_total(state.volume, calls), known_total(state.oi, calls)
        ),
        "pe_volume_to_oi_ratio": _ratio(
            known_total(state.volume, puts), known_total(state.oi, puts)
        ),
    }


def _underlying(state: ChainFigures, recent_underlying: Floats) -> dict[str, Floats]:
    return {
        "underlying_price": state.underlying,
        "underlying_future_price": state.future,
        "underlying_future_oi": state.future_oi,
        "futures_premium": state.future - state.underlying,
        "percent_oichange_fut_3m": open_interest.percent_change(
            state.future_oi, state.future_oi_before
        ),
        "vix": state.vix,
        "time_to_expiry_hours": state.hours_to_expiry,
        "atm_shift_intensity": atm_shift_intensity(recent_underlying, state.step),
    }


def _in_the_money(state: ChainFigures) -> dict[str, Floats]:
    atm = state.atm
    if atm is None:
        atm = moneyness.atm_strike(state.strike, state.underlying)
    positions = moneyness.position(state.strike, atm, state.step)
    calls = state.is_call & (positions <= 0) & (positions >= -ITM_STRIKES)
    puts = ~state.is_call & (positions >= 0) & (positions <= ITM_STRIKES)
    change = open_interest.percent_change(state.oi, state.oi_before)
    oi_ce, oi_pe = known_total(state.oi, calls), known_total(state.oi, puts)
    return {
        "total_itm_oi_ce": oi_ce,
        "total_itm_oi_pe": oi_pe,
        "pcr_itm_oi": _ratio(oi_pe, oi_ce),
        "itm_ce_breadth": _breadth(change, calls),
        "itm_pe_breadth": _breadth(change, puts),
        "itm_oi_ce_pct_change_3m_wavg": _weighted(change, state.oi, calls),
        "itm_oi_pe_pct_change_3m_wavg": _weighted(change, state.oi, puts),
    }


def _exposures(state: ChainFigures) -> dict[str, Floats]:
    """What dealers who bought the calls and sold the puts must hedge (INR; SpotGamma's convention).

    Gamma per 1 % of the index, vanna per percentage point of volatility, charm per day; the flip
    level is the strike at which gamma summed from the lowest strike changes its sign.
    https://spotgamma.com/gamma-exposure-gex/
    """
    side = _dealers(state.is_call, state.oi)
    gamma = gamma_exposure(state.is_call, state.oi, state.greeks.gamma, state.underlying)
    return {
        "net_gamma_exposure": known_total(gamma),
        "dealer_vanna_exposure": known_total(
            state.greeks.vanna * side * state.underlying[..., None]
        ),
        "dealer_charm_exposure": known_total(
            state.greeks.charm * side * state.underlying[..., None]
        ),
        "gamma_flip_level": flip_level(state.strike, gamma),
    }


def gamma_exposure(is_call: Bools, oi: Floats, gamma: Floats, underlying: Floats) -> Floats:
    """What dealers who bought the calls and sold the puts buy or sell for 1 % of the index, in INR.

    `is_call` is (contracts,), OI in units and `gamma` per point squared (…, contracts),
    `underlying` (…); the answer is (…, contracts), positive where they sell into a rise.
    """
    return gamma * _dealers(is_call, oi) * (underlying**2)[..., None] / 100


def _dealers(is_call: Bools, oi: Floats) -> Floats:
    """Units that dealers hold by that convention."""
    return np.where(is_call, 1.0, -1.0) * oi


def flip_level(strike: Floats, gamma: Floats) -> Floats:
    """The strike at which exposures summed from the lowest strike change their sign; else NaN."""
    order = np.argsort(strike, kind="stable")
    strikes, last = np.unique(strike[order], return_index=True)
    summed = np.add.reduceat(np.nan_to_num(gamma[..., order]), last, axis=-1).cumsum(axis=-1)
    if len(strikes) < 2:
        return np.full(summed.shape[:-1], np.nan)
    flips = np.sign(summed[..., 1:]) * np.sign(summed[..., :-1]) < 0
    weight = np.where(flips, np.abs(np.diff(summed, axis=-1)), 0.0)
    strongest = np.argmax(weight, axis=-1)
    return np.where(flips.any(axis=-1), strikes[1:][strongest], np.nan)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _breadth(change: Floats, chosen: Bools) -> Floats:
    """Share of the chosen contracts, of those whose change is known, that gained OI."""
    known = chosen & np.isfinite(change)
    rising = known & (np.nan_to_num(change) > 0)
    return _ratio(rising.sum(axis=-1).astype(np.float64), known.sum(axis=-1).astype(np.float64))


def _weighted(change: Floats, oi: Floats, chosen: Bools) -> Floats:
    """Mean change of the chosen contracts in percent, weighted by OI."""
    known = chosen & np.isfinite(change) & np.isfinite(oi)
    weight = np.where(known, np.nan_to_num(oi), 0.0)
    return _ratio((weight * np.where(known, change, 0.0)).sum(axis=-1), weight.sum(axis=-1))
