"""The head line of a chain as the page and the API are sent it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from db.market.calendar import expiry_instant
from db.market.exchanges import exchange_named
from db.market.limits import ITM_CHANGE_MINUTES, SIGNAL_HOLDS_S
from db.market.lots import lot_size

if TYPE_CHECKING:
    from db.market.exchanges import Exchange
    from db.queries.chain import LatestOption
    from db.queries.signals import Signal
    from db.queries.summary import ChainSummary

Facts = dict[str, Any]

# our name, and that of the head line's row
_AS_STORED = {
    "sequence": "sequence",
    "source": "source",
    "atm_strike": "atm_strike",
    "underlying_price": "underlying_price",
    "underlying_future_symbol": "future_symbol",
    "underlying_future_price": "future_price",
    "underlying_future_oi": "future_oi",
    "vix": "vix",
    "pcr": "pcr",
    "pcr_volume": "pcr_volume",
    "max_pain": "max_pain",
    "straddle": "straddle",
    "atm_iv": "atm_iv",
    "forward": "forward",
    "atm_iv_forward": "atm_iv_forward",
    "total_oi_ce": "oi_ce",
    "total_oi_pe": "oi_pe",
    "total_volume_ce": "volume_ce",
    "total_volume_pe": "volume_pe",
    "contracts": "contracts",
    "oi_known": "oi_known",
    "itm_oi_ce_pct_change": "itm_oi_ce_pct_change",
    "itm_oi_pe_pct_change": "itm_oi_pe_pct_change",
    "percent_oichange_fut_3m": "percent_oichange_fut_3m",
    "atm_shift_intensity": "atm_shift_intensity",
    "itm_ce_breadth": "itm_ce_breadth",
    "itm_pe_breadth": "itm_pe_breadth",
}
_INSTANTS = {
    "last_update": "timestamp",
    "underlying_at": "underlying_at",
    "updated_at": "updated_at",
    "expiry": "expiry",
    "prev_close_at": "prev_close_at",
    "day_open_at": "day_open_at",
}
NO_MODEL = "no model"
NO_SIGNAL = "no signal"


def _silent(why: str) -> Facts:
    return {"ml_signal": None, "ml_confidence": None, "ml_rationale": why, "ml_metadata": {}}


SILENT_WHEN: Mapping[str, Facts] = {
    "stale": _silent(f"{NO_SIGNAL}: the data are stale"),
    "closed": _silent(f"{NO_SIGNAL}: the market is closed"),
}
"""What is told instead of a signal, by the status of a chain that is not of the present."""


def facts_of(
    exchange: str,
    head: "ChainSummary | None",
    rows: Sequence["LatestOption"],
    signal: "Signal | None" = None,
) -> Facts:
    """Everything of the head line but its status, which changes by itself; unknown is None."""
    known = exchange_named(exchange)
    expiry = None if head is None else head.expiry
    calls, puts = _itm_changes(head, rows, known.strike_step)
    return {
        "exchange": known.key,
        "label": known.label,
        "underlying_name": known.underlying_name,
        "underlying_symbol": known.underlying_symbol,
        "strike_step": known.strike_step,
        "lot_size": _lot(known, head),
        "expires_at": None if expiry is None else expiry_instant(expiry).isoformat(),
        **{ours: _stored(head, theirs) for ours, theirs in _AS_STORED.items()},
        **{ours: _iso(_stored(head, theirs)) for ours, theirs in _INSTANTS.items()},
        "itm_ce_oi_change": calls,
        "itm_pe_oi_change": puts,
        **_told(signal, head),
    }


def _told(signal: "Signal | None", head: "ChainSummary | None") -> Facts:
    """What a model says of this chain; one that speaks of an earlier chain says nothing of it."""
    if signal is None or signal.signal is None:
        return _silent(NO_MODEL if signal is None else signal.rationale)
    at = signal.timestamp
    age_s = (head.timestamp - at).total_seconds() if head is not None and at is not None else None
    if at is None or age_s is None or not 0 <= age_s <= SIGNAL_HOLDS_S:
        return _silent(f"{NO_SIGNAL}: none is of this moment")
    return {
        "ml_signal": signal.signal,
        "ml_confidence": signal.confidence,
        "ml_rationale": signal.rationale,
        "ml_metadata": {
            "signal_id": at.isoformat(),
            "model_id": signal.model_id,
            "horizon_s": signal.horizon_s,
            "latency_ms": signal.latency_ms,
            "chances": {"SELL": signal.p_sell, "HOLD": signal.p_hold, "BUY": signal.p_buy},
        },
    }


def _itm_changes(
    head: "ChainSummary | None", rows: Sequence["LatestOption"], step: float
) -> tuple[float | None, float | None]:
    """Change of the OI in the money in percent, (calls, puts): Σ now against Σ then."""
    if head is None or head.atm_strike is None or not rows:
        return None, None
    import numpy as np

    from app.analytics.open_interest import itm_oi_change

    change = f"oi_change_{ITM_CHANGE_MINUTES}m"
    now = np.array([row.oi for row in rows], dtype=np.float64)
    since = np.array([getattr(row, change) for row in rows], dtype=np.float64)
    strike = np.array([row.strike for row in rows])
    is_call = np.array([row.option_type == "CE" for row in rows])
    sides = itm_oi_change(strike, is_call, now, now - since, head.atm_strike, step)
    calls, puts = (None if np.isnan(side) else float(side) for side in sides)
    return calls, puts


def _lot(exchange: "Exchange", head: "ChainSummary | None") -> int | None:
    """Units in a lot: as the exchange lists it, else as the table of expiries has it."""
    if head is None or head.expiry is None:
        return None
    return head.lot_size or lot_size(exchange.underlying_symbol, head.expiry)


def _stored(head: "ChainSummary | None", name: str) -> Any:
    return None if head is None else getattr(head, name)


def _iso(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())
