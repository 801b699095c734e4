"""What a page is sent, by push, poll and with its first paint: typed messages of one form.

Only a clock message tells the time: a chain may be sent long after it was encoded.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict

from app.chains.bodies import Encoded
from app.chains.columns import BEFORE_BOOK, FIELDS
from app.chains.feeds import FeedWord
from app.chains.state import Chain, ChainState, Key, Leg
from db.market.calendar import Instrument, phase
from db.market.clock import market_now

Ages = Mapping[str, float | None]

_MS = 1000
_TOLD_PHASES = (Instrument.OPTIONS, Instrument.INDEX)


class Full(TypedDict):
    """A whole chain; `legs` holds each contract's values in the order of `fields`."""

    kind: Literal["full"]
    exchange: str
    sequence: int | None
    fields: tuple[str, ...]
    summary: dict[str, Any]
    legs: list[Leg]


class Delta(TypedDict):
    """What turns the chain of `base` into that of `sequence`.

    `cells` holds a list a contract: strike, side, then position among the fields and value for
    each that differs; `legs` contracts that are new, whole; `gone` those that left.
    """

    kind: Literal["delta"]
    exchange: str
    base: int | None
    sequence: int | None
    summary: dict[str, Any]
    cells: list[list[Any]]
    legs: list[Leg]
    gone: list[Key]


class Clock(TypedDict):
    """The time here, how old what each exchange shows is, and what stands in the way.

    `feeds` holds what the feed of an exchange is at, as far as a collector tells; `build` is that
    of the page which this server gives out, `lacking` a sentence on what it does without at the
    moment, while what it shows is right; None where that is nothing.
    """

    kind: Literal["clock"]
    server_ms: int
    ages: dict[str, int | None]
    phase: dict[str, str]
    problem: str | None
    feeds: dict[str, FeedWord]
    build: str | None
    lacking: str | None


class End(TypedDict):
    """The last message of a link."""

    kind: Literal["end"]
    reason: str


def full_body(state: ChainState, *, book: bool = True) -> Encoded:
    """Everything a page needs that knows nothing yet, as JSON made once for all who are sent it."""
    chain, status = state.chain, state.status()
    return chain.bodies.whole(
        ("full", status, book), lambda: full_message(chain, status, book=book)
    )


def delta_message(old: Chain, new: ChainState, *, book: bool = True) -> Delta:
    """What a page needs that shows `old`."""
    return delta_between(old, new.chain, new.status(), book=book)


def delta_between(old: Chain, new: Chain, status: str, *, book: bool = True) -> Delta:
    """What turns one chain of an exchange into another of that status.

    Without the `book` of orders it is the same for who has that, too: its columns are the last.
    """
    known, present = _sent(old, book), _sent(new, book)
    facts = new.facts
    return {
        "kind": "delta",
        "exchange": new.exchange,
        "base": old.sequence,
        "sequence": new.sequence,
        # the status changes by itself, so that nobody knows which one the page has
        "summary": {name: value for name, value in facts.items() if old.facts[name] != value}
        | {"status": status},
        "cells": [
            [*key, *_changes(known[key], leg)]
            for key, leg in present.items()
            if key in known and known[key] != leg
        ],
        "legs": [leg for key, leg in present.items() if key not in known],
        "gone": [key for key in known if key not in present],
    }


def clock_message(
    ages_s: Ages,
    problem: str | None = None,
    feeds: Mapping[str, FeedWord] | None = None,
    build: str | None = None,
    lacking: str | None = None,
) -> Clock:
    """The time, and the ages of what is shown."""
    now = market_now()
    return {
        "kind": "clock",
        "server_ms": int(time.time() * _MS),
        "ages": {key: None if age is None else int(age * _MS) for key, age in ages_s.items()},
        "phase": phases(now),
        "problem": problem,
        "feeds": dict(feeds or {}),
        "build": build,
        "lacking": lacking,
    }


def phases(at: datetime) -> dict[str, str]:
    """Where a moment stands in the session of each class that a page is told of."""
    return {kind.value: phase(at, kind).value for kind in _TOLD_PHASES}


def end_message(reason: str) -> End:
    """Why this link ends."""
    return {"kind": "end", "reason": reason}


def full_message(chain: Chain, status: str, *, book: bool = True) -> Full:
    """A chain of that status as a page is sent it that knows nothing yet.

    The status changes by itself, so the page decides by the age whether the signal is told.
    """
    return {
        "kind": "full",
        "exchange": chain.exchange,
        "sequence": chain.sequence,
        "fields": FIELDS if book else FIELDS[:BEFORE_BOOK],
        "summary": {**chain.facts, "status": status},
        "legs": list(_sent(chain, book).values()),
    }


def _sent(chain: Chain, book: bool) -> Mapping[Key, Leg]:
    return chain.legs if book else chain.legs_before_book


def _changes(old: Leg, new: Leg) -> list[Any]:
    return [
        part
        for position, (before, after) in enumerate(zip(old, new, strict=True))
        if before != after
        for part in (position, after)
    ]
