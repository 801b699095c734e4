"""Chain states made by hand, for tests that need no database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.chains.states import ChainState
from db.market.limits import CHANGE_MINUTES

START = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
_UNKNOWN = (
    "token",
    "oi_time",
    "strike_type",
    "moneyness",
    "position",
    "ltp",
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "spread",
    "order_book_imbalance",
    "volume",
    "iv",
    "theoretical_price",
    "price_diff",
    "delta",
    "gamma",
    "theta",
    "vega",
)
_NAMES = tuple(f"{minutes}m" for minutes in CHANGE_MINUTES)


def option(strike: float, side: str, oi: int | None) -> dict[str, Any]:
    """One row of a payload."""
    plain = dict.fromkeys(_UNKNOWN)
    changes = dict.fromkeys(_NAMES)
    return {
        **plain,
        "strike": strike,
        "symbol": f"NIFTY{strike:.0f}{side}",
        "latest_oi": oi,
        "pct_changes": changes,
        "abs_changes": changes,
    }


def state(sequence: int, oi: dict[float, int], exchange: str = "NSE") -> ChainState:
    """A state of which calls and puts hold the given OI by strike."""
    return ChainState(
        exchange,
        {
            "exchange": exchange,
            "sequence": sequence,
            "updated_at": (START + timedelta(seconds=sequence)).isoformat(),
            "last_update": "2026-08-03T10:30:00+05:30",
            "atm_strike": 100.0,
            "underlying_price": 100.0 + sequence,
            "pcr": 1.0,
            "call_options": [option(strike, "CE", value) for strike, value in oi.items()],
            "put_options": [option(strike, "PE", value) for strike, value in oi.items()],
        },
    )
