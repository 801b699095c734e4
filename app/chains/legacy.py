"""What `/api/data/<exchange>` answers: one option chain with everything known about it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from db.market.exchanges import Exchange, exchange_named
from db.market.limits import CHANGE_MINUTES
from db.market.lots import lot_size

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.chain import LatestOption
    from db.queries.summary import ChainSummary

Row = dict[str, Any]

# one and a half times the pause between stored snapshots
STALE_AFTER_S = 45.0
_PRICE_DIGITS = 4
_NO_SIGNAL: Row = {
    "ml_signal": "HOLD",
    "ml_confidence": None,
    "ml_rationale": "No model is trained yet, so there is no view: hold.",
    "ml_metadata": {},
}


def exchange_payload(
    connection: "Connection", exchange: str, *, strikes: int | None, now: datetime
) -> Row:
    """The newest chain of one exchange key as plain values ready for JSON.

    `strikes` keeps that many strikes either side of ATM (None: all); totals, PCR and max pain
    are always those of the full chain. `now` is aware. Unknown values are None. Raises
    InvalidInputError for an unknown exchange.
    """
    from db.queries.chain import latest_chain
    from db.queries.summary import summary

    facts = exchange_named(exchange)
    head = summary(connection, exchange)
    rows = latest_chain(connection, exchange)
    atm = None if head is None else head.atm_strike
    options = [(row.option_type, _option(row, atm, facts.strike_step)) for row in rows]
    payload: Row = {
        "exchange": facts.key,
        "label": facts.label,
        "underlying_name": facts.underlying_name,
        "strike_difference": facts.strike_step,
        "lot_size": _lot_size(facts, head),
        **_headline(head),
        **_NO_SIGNAL,
        "call_options": [option for side, option in options if side == "CE"],
        "put_options": [option for side, option in options if side == "PE"],
    }
    payload["status"] = market_status(payload, now)
    return narrowed(payload, strikes)


def _lot_size(facts: Exchange, head: "ChainSummary | None") -> int | None:
    """Units in a lot of the chain's own contracts; two lots of one index can be live at once."""
    if head is None or head.expiry is None:
        return None
    return lot_size(facts.underlying_symbol, head.expiry)


def narrowed(payload: Row, strikes: int | None) -> Row:
    """The payload with at most `strikes` strikes either side of ATM; None leaves all."""
    atm = payload["atm_strike"]
    if strikes is None or atm is None:
        return payload
    both = (*payload["call_options"], *payload["put_options"])
    kept = _around(sorted({option["strike"] for option in both}), atm, strikes)
    return {
        **payload,
        "call_options": [o for o in payload["call_options"] if o["strike"] in kept],
        "put_options": [o for o in payload["put_options"] if o["strike"] in kept],
    }


def market_status(payload: Mapping[str, Any], now: datetime) -> str:
    """'live', 'stale', 'closed' (old outside the session) or 'initializing' (no data yet)."""
    if payload["updated_at"] is None:
        return "initializing"
    age = now - datetime.fromisoformat(payload["updated_at"])
    if age <= timedelta(seconds=STALE_AFTER_S):
        return "live"
    return "stale" if _in_session(now) else "closed"


def _in_session(now: datetime) -> bool:
    from db.market.calendar import Phase, phase

    return phase(now) is not Phase.CLOSED


def _headline(head: "ChainSummary | None") -> Row:
    """The fields of the head line; the contract's names on the left."""
    names = {
        "atm_strike": "atm_strike",
        "underlying_price": "underlying_price",
        "pcr": "pcr",
        "pcr_volume": "pcr_volume",
        "max_pain": "max_pain",
        "vix": "vix",
        "underlying_future_symbol": "future_symbol",
        "underlying_future_price": "future_price",
        "underlying_future_oi": "future_oi",
        "percent_oichange_fut_3m": "percent_oichange_fut_3m",
        "itm_oi_ce_pct_change": "itm_oi_ce_pct_change",
        "itm_oi_pe_pct_change": "itm_oi_pe_pct_change",
        "atm_shift_intensity": "atm_shift_intensity",
        "itm_ce_breadth": "itm_ce_breadth",
        "itm_pe_breadth": "itm_pe_breadth",
        "straddle": "straddle",
        "atm_iv": "atm_iv",
        "total_oi_ce": "oi_ce",
        "total_oi_pe": "oi_pe",
        "total_volume_ce": "volume_ce",
        "total_volume_pe": "volume_pe",
        "contracts": "contracts",
        "sequence": "sequence",
    }
    shown: Row = {ours: getattr(head, theirs, None) for ours, theirs in names.items()}
    shown["last_update"] = _iso(head and head.timestamp)
    shown["updated_at"] = _iso(head and head.updated_at)
    shown["expiry"] = _iso(head and head.expiry)
    return shown


def _option(row: "LatestOption", atm: float | None, step: float) -> Row:
    position = None if atm is None else round((row.strike - atm) / step)
    return {
        "strike": row.strike,
        "symbol": row.symbol,
        "token": row.token,
        "latest_oi": row.oi,
        "oi_time": row.timestamp.strftime("%H:%M:%S"),
        "strike_type": _strike_type(row.option_type, position),
        "moneyness": row.moneyness,
        "position": position,
        "ltp": row.ltp,
        "best_bid": row.best_bid,
        "best_ask": row.best_ask,
        "bid_quantity": row.bid_quantity,
        "ask_quantity": row.ask_quantity,
        "spread": row.spread,
        "order_book_imbalance": row.order_book_imbalance,
        "volume": row.volume,
        "iv": row.iv,
        "theoretical_price": row.theoretical_price,
        "price_diff": _difference(row.ltp, row.theoretical_price),
        "pct_changes": _changes(row, "pct_change"),
        "abs_changes": _changes(row, "oi_change"),
        "delta": row.delta,
        "gamma": row.gamma,
        "theta": row.theta,
        "vega": row.vega,
    }


def _strike_type(option_type: str, position: int | None) -> str | None:
    if position is None:
        return None
    if position == 0:
        return "atm"
    return "itm" if (position < 0) == (option_type == "CE") else "otm"


def _changes(row: "LatestOption", prefix: str) -> Row:
    return {f"{n}m": getattr(row, f"{prefix}_{n}m") for n in CHANGE_MINUTES}


def _difference(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else round(left - right, _PRICE_DIGITS)


def _around(strikes: Sequence[float], atm: float, count: int) -> Iterable[float]:
    centre = min(range(len(strikes)), key=lambda i: abs(strikes[i] - atm), default=0)
    return frozenset(strikes[max(0, centre - count) : centre + count + 1])


def _iso(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())
