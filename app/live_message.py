"""What a viewer is sent: a whole chain as arrays, or only the legs and fields that changed."""

import time
from typing import Any

import orjson

from app.chain_states import ChainState
from db.ticks import CHANGE_MINUTES

LEG_FIELDS = (
    "latest_oi",
    "ltp",
    "iv",
    "volume",
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "theoretical_price",
    "delta",
    "symbol",
)
CHANGES = tuple(f"{minutes}m" for minutes in CHANGE_MINUTES)

Leg = tuple[Any, ...]
_SIDES = (("CE", "call_options"), ("PE", "put_options"))
_MS = 1000


def full_message(state: ChainState) -> bytes:
    """Everything a viewer needs who knows nothing yet."""
    return orjson.dumps(
        {
            "kind": "full",
            "exchange": state.exchange,
            "sequence": state.payload["sequence"],
            "server_ms": _server_ms(),
            "leg_fields": ["strike", "side", *LEG_FIELDS, *_change_names()],
            "summary": summary_of(state),
            "legs": list(legs_of(state).values()),
        }
    )


def delta_message(old: ChainState, new: ChainState) -> bytes:
    """What turns `old` into `new`: changed summary fields, changed legs whole, legs that left."""
    before, after = legs_of(old), legs_of(new)
    known = summary_of(old)
    return orjson.dumps(
        {
            "kind": "delta",
            "exchange": new.exchange,
            "base": old.payload["sequence"],
            "sequence": new.payload["sequence"],
            "server_ms": _server_ms(),
            "summary": {k: v for k, v in summary_of(new).items() if known.get(k) != v},
            "legs": [leg for key, leg in after.items() if before.get(key) != leg],
            "gone": [key for key in before if key not in after],
        }
    )


def pulse_message(problem: str | None) -> bytes:
    """Sent when there is nothing else: the link lives, and whether the database does."""
    return orjson.dumps({"kind": "pulse", "server_ms": _server_ms(), "problem": problem})


def summary_of(state: ChainState) -> dict[str, Any]:
    """The payload without its option rows."""
    lists = {name for _, name in _SIDES}
    return {name: value for name, value in state.payload.items() if name not in lists}


def legs_of(state: ChainState) -> dict[tuple[float, str], Leg]:
    """Each contract's values in the order of `leg_fields`, by strike and side."""
    return {
        (option["strike"], side): (
            option["strike"],
            side,
            *(option[field] for field in LEG_FIELDS),
            *(option["pct_changes"][name] for name in CHANGES),
            *(option["abs_changes"][name] for name in CHANGES),
        )
        for side, name in _SIDES
        for option in state.payload[name]
    }


def _change_names() -> list[str]:
    return [f"pct_{name}" for name in CHANGES] + [f"abs_{name}" for name in CHANGES]


def _server_ms() -> int:
    return int(time.time() * _MS)
