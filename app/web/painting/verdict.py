"""What the first paint calls its figures: what kind of market they are of, and how old they are.

The words are those of `front/core/market.js` and `front/core/health.js` for a page that has just
come: nothing of its link is lost, and no tab is awaited.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.web.painting import figures
from db.market.limits import FUTURE_TOLERANCE_S, SLOW_AFTER_S, STALE_AFTER_S

Summary = Mapping[str, Any]
_MS = 1000
_FRESH = {
    "live": "live",
    "simulated": "simulated",
    "replayed": "replay",
    "unsaid": "fed",
    "closed": "closed",
    "none": "live",
}
_WAITING = (
    "No snapshot has arrived yet: history is filling, or no feed is running "
    "(python -m app collect)."
)
_UNKNOWN = "How old these figures are is not known at the moment; do not take them for the present."


@dataclass(frozen=True, slots=True)
class Market:
    """What kind of market is shown; `words` are for bar and title, empty for a live one."""

    kind: str
    words: str
    says: str

    @property
    def fresh(self) -> str:
        """What young figures of it are called."""
        return _FRESH[self.kind]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state, the word beside the dot and the sentence in the footer."""

    state: str
    word: str
    sentence: str

    @property
    def prefix(self) -> str:
        """What the title begins with."""
        if self.state == "broker":
            return "log in"
        return "" if self.state in ("live", "closed") else self.state

    @property
    def is_silent(self) -> bool:
        """Whether no signal is told, whatever was said last: the figures may not be the present."""
        return self.state not in ("live", "slow", "waiting")


def market_of(summary: Summary | None, phase: Mapping[str, str]) -> Market:
    """The market that a chain is of, in a phase of the session."""
    at = None if summary is None else summary["last_update"]
    if summary is None or at is None:
        return Market("none", "", "")
    kind, source = _kind(summary, phase), summary["source"]
    day, moment = figures.market_weekday(at), figures.market_clock(at)
    if kind == "replayed":
        of = "data" if source is None else "replay"
        says = f"A replay: the market's clock shows {moment} on {day}."
        return Market(kind, f"{of} of {figures.market_date(at)}", says)
    if kind == "closed":
        says = f"The exchanges are closed; these are the last figures of {day}, {moment}."
        return Market(kind, f"closed · last session {day}", says)
    if kind == "simulated":
        says = "This market is simulated: none of these prices is real."
        return Market(kind, "simulated", says)
    unsaid = (
        "Whoever writes these figures does not say whether the market is live, simulated or "
        "replayed."
    )
    return Market(kind, "", unsaid if kind == "unsaid" else "")


def verdict_of(
    summary: Summary | None,
    market: Market,
    age_ms: float | None,
    problem: str | None,
    feed: Mapping[str, Any] | None,
    label: str,
) -> Verdict:
    """Whether what is shown is the present; `feed` is the word of what brings it, if any."""
    if problem:
        word = "database down" if re.search("database", problem, re.IGNORECASE) else "out of order"
        return Verdict("down", word, f"{problem} The page recovers by itself.")
    if summary is None:
        return Verdict("loading", "loading", f"Loading {label}…")
    waiting = summary["updated_at"] is None
    found = Verdict("waiting", "waiting", _WAITING) if waiting else _by_age(age_ms, market, summary)
    return _explained(found, feed, market)


def _kind(summary: Summary, phase: Mapping[str, str]) -> str:
    source = summary["source"]
    if source in ("simulated", "replayed"):
        return str(source)
    if source is None and _of_another_time(summary):
        return "replayed"
    if phase["options"] == "closed":
        return "closed"
    return "live" if source == "live" else "unsaid"


def _of_another_time(summary: Summary) -> bool:
    """Whether it was taken by the database at another time than the market's own."""
    taken, at = (datetime.fromisoformat(summary[name]) for name in ("updated_at", "last_update"))
    return abs((taken - at).total_seconds()) > FUTURE_TOLERANCE_S


def _by_age(age_ms: float | None, market: Market, summary: Summary) -> Verdict:
    if market.kind == "closed":
        return Verdict("closed", "closed", market.says)
    if age_ms is None:
        return Verdict("unknown", "age unknown", _UNKNOWN)
    age_s = age_ms / _MS
    told = figures.duration(age_s)
    if age_s <= SLOW_AFTER_S:
        return Verdict("live", f"{market.fresh} {told}", market.says)
    if age_s <= STALE_AFTER_S:
        return Verdict("slow", f"slow {told}", market.says)
    return Verdict("stale", f"stale {told}", _silence(told, market, summary))


def _silence(age: str, market: Market, summary: Summary) -> str:
    at = summary["last_update"]
    if market.kind == "replayed":
        clock, day = figures.market_clock(at), figures.market_date(at)
        return f"The replay stands at {clock} of {day}: nothing new for {age}."
    kind = "simulated " if market.kind == "simulated" else ""
    return f"Nothing new for {age}: the {kind}feed is connected but silent, or has stopped."


def _explained(found: Verdict, feed: Mapping[str, Any] | None, market: Market) -> Verdict:
    """Why nothing new comes, by what brings it; what is fresh needs no reason."""
    sentence = feed and feed["sentence"]
    if not feed or not sentence or found.state == "live" or market.kind == "replayed":
        return found
    if feed["state"] == "login needed":
        return Verdict("broker", "log in at the broker", sentence)
    closed = found.state == "closed"
    return Verdict(found.state, found.word, found.sentence if closed else sentence)
