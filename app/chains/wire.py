"""What a viewer is sent: a whole chain as arrays, or only the cells and fields that changed."""

import time
from dataclasses import dataclass
from typing import Any

import orjson

from app.chains.states import ChainState
from db.market.limits import CHANGE_MINUTES

_CHANGES = tuple(f"{minutes}m" for minutes in CHANGE_MINUTES)
_PLAIN = (
    "latest_oi",
    "ltp",
    "volume",
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "theoretical_price",
    "symbol",
)
# finer than the screen shows would make every cell of every second a changed one
_ROUNDED = ("iv", "delta")
_DIGITS = 2
LEG_FIELDS = (
    "strike",
    "side",
    *_PLAIN,
    *_ROUNDED,
    *(f"pct_{name}" for name in _CHANGES),
    *(f"abs_{name}" for name in _CHANGES),
)

Leg = tuple[Any, ...]
_SIDES = (("CE", "call_options"), ("PE", "put_options"))
_MS = 1000


@dataclass(frozen=True)
class LiveView:
    """A state as viewers see it: the head line's fields, and each contract's by strike and side.

    `sequence` orders states of one database, `identity` tells states apart in any case.
    """

    exchange: str
    sequence: int | None
    identity: tuple[Any, ...]
    summary: dict[str, Any]
    legs: dict[tuple[float, str], Leg]

    @classmethod
    def of(cls, state: ChainState) -> "LiveView":
        """The view of a payload; a leg's values stand in the order of LEG_FIELDS."""
        payload = state.payload
        lists = {name for _, name in _SIDES}
        return cls(
            state.exchange,
            payload["sequence"],
            state.identity,
            {name: value for name, value in payload.items() if name not in lists},
            {(o["strike"], side): _leg(o, side) for side, name in _SIDES for o in payload[name]},
        )


def full_message(view: LiveView) -> bytes:
    """Everything a viewer needs who knows nothing yet."""
    return orjson.dumps(
        {
            "kind": "full",
            "exchange": view.exchange,
            "sequence": view.sequence,
            "server_ms": _server_ms(),
            "leg_fields": LEG_FIELDS,
            "summary": view.summary,
            "legs": list(view.legs.values()),
        }
    )


def delta_message(old: LiveView, new: LiveView) -> bytes:
    """What turns `old` into `new`.

    `cells` holds a list a contract: strike, side, then position in LEG_FIELDS and value for each
    cell that differs; `legs` contracts that are new, whole; `gone` those that left.
    """
    known = old.legs
    return orjson.dumps(
        {
            "kind": "delta",
            "exchange": new.exchange,
            "base": old.sequence,
            "sequence": new.sequence,
            "server_ms": _server_ms(),
            "summary": {k: v for k, v in new.summary.items() if old.summary.get(k) != v},
            "cells": [
                [*key, *_changes(known[key], leg)]
                for key, leg in new.legs.items()
                if key in known and known[key] != leg
            ],
            "legs": [leg for key, leg in new.legs.items() if key not in known],
            "gone": [key for key in known if key not in new.legs],
        }
    )


def pulse_message(problem: str | None) -> bytes:
    """Sent when there is nothing else: the link lives, and whether the database does."""
    return orjson.dumps({"kind": "pulse", "server_ms": _server_ms(), "problem": problem})


def _leg(option: dict[str, Any], side: str) -> Leg:
    pct, absolute = option["pct_changes"], option["abs_changes"]
    return (
        option["strike"],
        side,
        *(option[field] for field in _PLAIN),
        *(_rounded(option[field]) for field in _ROUNDED),
        *(pct[name] for name in _CHANGES),
        *(absolute[name] for name in _CHANGES),
    )


def _changes(old: Leg, new: Leg) -> list[Any]:
    return [
        part
        for position, (before, after) in enumerate(zip(old, new, strict=True))
        if before != after
        for part in (position, after)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _server_ms() -> int:
    return int(time.time() * _MS)
