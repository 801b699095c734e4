"""What a model is given of each instant, defined once for training, history and live.

Each input is made of the columns of ml_features (`app.analytics.features` defines those) at that
instant and before it, never of anything after: none is a level of the index or of open interest,
which a model would learn by heart.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.signals.frame import Floats, Frame

_MINUTE = np.timedelta64(60_000_000, "us")
_LATE = 2 * _MINUTE
LOOK_BACK_MINUTES = 32
"""How far back any input looks; older rows change nothing."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column of the matrix: `label` is what a trader is told, `of` how it is made of a frame."""

    name: str
    label: str
    of: Callable[[Frame], Floats]


def matrix(frame: Frame) -> Floats:
    """All inputs of each instant, (rows, inputs) in the order of `INPUTS`; NaN is unknown."""
    return np.column_stack([each.of(frame) for each in INPUTS]) if len(frame) else _NOTHING


def newest(frame: Frame) -> Floats:
    """The inputs of the last instant alone, (1, inputs): equal to the last row of `matrix`."""
    needed = _needed(frame)
    return np.array([[each.of(needed)[-1] for each in INPUTS]])


def _needed(frame: Frame) -> Frame:
    first = np.searchsorted(frame.instants, frame.instants[-1] - LOOK_BACK_MINUTES * _MINUTE)
    return frame.rows(slice(int(first), None))


def _as_stored(name: str) -> Callable[[Frame], Floats]:
    return lambda frame: frame[name]


def _index_move(minutes: int) -> Callable[[Frame], Floats]:
    """Percent by which the index moved over so many minutes."""
    return lambda frame: _percent_since(frame, frame.price, minutes)


def _change(name: str, minutes: int) -> Callable[[Frame], Floats]:
    """By how much a column differs from so many minutes ago."""
    return lambda frame: frame[name] - _before(frame, frame[name], minutes)


def _premium(frame: Frame) -> Floats:
    """The future's premium in percent of the index."""
    return 100 * frame["futures_premium"] / frame.price


def _to_flip(frame: Frame) -> Floats:
    """How far above the index dealers' gamma changes its sign, in percent."""
    return 100 * (frame["gamma_flip_level"] / frame.price - 1)


def _exposure(name: str) -> Callable[[Frame], Floats]:
    """An exposure by the worth of the open interest in the money, so that years can be compared."""

    def made(frame: Frame) -> Floats:
        worth = (frame["total_itm_oi_ce"] + frame["total_itm_oi_pe"]) * frame.price
        return frame[name] / np.where(worth > 0, worth, np.nan)

    return made


def _percent_since(frame: Frame, values: Floats, minutes: int) -> Floats:
    before = _before(frame, values, minutes)
    return 100 * (values / np.where(before > 0, before, np.nan) - 1)


def _before(frame: Frame, values: Floats, minutes: int) -> Floats:
    """Values at the newest instant that is at least so old, of the same day and not much older."""
    wanted = frame.instants - minutes * _MINUTE
    place = np.searchsorted(frame.instants, wanted, side="right") - 1
    found = np.maximum(place, 0)
    then = frame.instants[found]
    is_known = (place >= 0) & (wanted - then <= _LATE) & (frame.days[found] == frame.days)
    return np.where(is_known, values[found], np.nan)


INPUTS: tuple[Input, ...] = (
    Input("pcr_total_oi", "PCR", _as_stored("pcr_total_oi")),
    Input("pcr_itm_oi", "PCR in the money", _as_stored("pcr_itm_oi")),
    Input("pcr_total_volume", "volume PCR", _as_stored("pcr_total_volume")),
    Input("pcr_change_15m", "change of PCR in 15 min", _change("pcr_total_oi", 15)),
    Input("itm_ce_breadth", "breadth of ITM calls", _as_stored("itm_ce_breadth")),
    Input("itm_pe_breadth", "breadth of ITM puts", _as_stored("itm_pe_breadth")),
    Input("itm_ce_change", "OI change of ITM calls", _as_stored("itm_oi_ce_pct_change_3m_wavg")),
    Input("itm_pe_change", "OI change of ITM puts", _as_stored("itm_oi_pe_pct_change_3m_wavg")),
    Input("future_oi_change", "OI change of the future", _as_stored("percent_oichange_fut_3m")),
    Input("premium_pct", "premium of the future", _premium),
    Input("atm_shift", "shift of ATM", _as_stored("atm_shift_intensity")),
    Input("gamma", "net gamma of dealers", _exposure("net_gamma_exposure")),
    Input("vanna", "vanna of dealers", _exposure("dealer_vanna_exposure")),
    Input("charm", "charm of dealers", _exposure("dealer_charm_exposure")),
    Input("to_gamma_flip", "distance to the gamma flip", _to_flip),
    Input("ce_turnover", "volume to OI of calls", _as_stored("ce_volume_to_oi_ratio")),
    Input("pe_turnover", "volume to OI of puts", _as_stored("pe_volume_to_oi_ratio")),
    Input("iv_skew", "IV skew", _as_stored("iv_skew")),
    Input("vix", "India VIX", _as_stored("vix")),
    Input("vix_change_15m", "change of VIX in 15 min", _change("vix", 15)),
    Input("hours_to_expiry", "hours to expiry", _as_stored("time_to_expiry_hours")),
    Input("index_3m", "index over 3 min", _index_move(3)),
    Input("index_15m", "index over 15 min", _index_move(15)),
    Input("index_30m", "index over 30 min", _index_move(30)),
)
NAMES: tuple[str, ...] = tuple(each.name for each in INPUTS)
LABELS: dict[str, str] = {each.name: each.label for each in INPUTS}
_NOTHING: Floats = np.empty((0, len(INPUTS)))
