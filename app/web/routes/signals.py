"""Signals for the page and for programs: what is said, what was said, and what came of it."""

from collections.abc import Hashable, Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from app.chains.bodies import Packed
from app.web.asked import json_object, market_moment
from app.web.responses import json_answer
from app.web.routes.chain import conditional
from app.web.services import services
from db.errors import InvalidInputError, NotStoredError
from db.market.clock import IST, market_now
from db.market.exchanges import exchange_named
from db.market.limits import SIGNAL_DAYS_SHOWN, SIGNALS_SHOWN

if TYPE_CHECKING:
    from db.queries.paper import PaperDay
    from db.queries.signals import QualityDay, SignalRun

blueprint = Blueprint("signals", __name__)

# what came of signals is settled once a minute
_KEPT_S = 60.0
_SETTLED = timedelta(minutes=5)


@blueprint.get("/api/signals/<exchange>")
def signals(exchange: str) -> Response:
    """The trail of the newest day, or of the day of `?at=` up to it, and what came of a month's.

    What was followed on paper is of all chains: it is one book.
    """
    exchange_named(exchange)
    raw = request.args.get("at")
    end = _newest(exchange) if raw is None else market_moment("at", raw)
    key = _key_of_newest(exchange) if raw is None else (exchange, end)

    def read() -> bytes:
        return Packed.of(_read(exchange, end)).kept

    return conditional(Packed(services().signals.get(key, _KEPT_S, read)))


def _key_of_newest(exchange: str) -> Hashable:
    """A chain of which another signal is told has another trail."""
    chain = services().states.current(exchange).chain
    day = None if chain.head is None else chain.head.timestamp.date()
    return exchange, day, None if chain.signal is None else chain.signal.timestamp


def _read(exchange: str, end: datetime) -> dict[str, Any]:
    from app.desk.paper.following import OWNER
    from app.signals.standing import standing
    from db.queries import paper
    from db.queries.signals import signal_runs

    midnight = datetime.combine(end.astimezone(IST).date(), time(), IST)
    with services().database.history() as connection:
        runs = signal_runs(connection, exchange, midnight, end + timedelta(microseconds=1))
        found = standing(connection, exchange, end)
        held = paper.open_positions(connection, OWNER)
        days = paper.days(connection, OWNER)[-SIGNAL_DAYS_SHOWN:]
    return {
        "exchange": exchange,
        "trail": [_told(each, end) for each in runs[: -SIGNALS_SHOWN - 1 : -1]],
        "days": [_day(each) for each in found.days],
        "drift": [
            {
                "input": each.label,
                "index": each.index,
                "usual": each.usual,
                "is_much": each.is_much,
            }
            for each in found.drift
        ],
        "advice": found.advice,
        "paper": {
            "open": [each.symbol for each in held],
            "days": [_day(each) for each in reversed(days)],
        },
    }


@blueprint.post("/api/feedback")
def feedback() -> Response:
    """What a trader says that came of a signal: `{exchange, signal_id, actual_outcome}`."""
    from db.ingest.signals import give_feedback

    asked = json_object()
    exchange = exchange_named(_text(asked, "exchange")).key
    at = market_moment("signal_id", _text(asked, "signal_id"))
    outcome = asked.get("actual_outcome")
    if type(outcome) is not int or outcome not in (-1, 0, 1):
        raise InvalidInputError("actual_outcome must be -1, 0 or 1.")
    with services().database.writing() as connection:
        if not give_feedback(connection, exchange, at, outcome):
            raise NotStoredError(f"There is no signal of {exchange} at {at:%Y-%m-%d %H:%M:%S}.")
    services().signals.forget(_key_of_newest(exchange))
    return json_answer({"success": True})


def _newest(exchange: str) -> datetime:
    head = services().states.current(exchange).chain.head
    return market_now() if head is None else head.timestamp


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} must be text.")
    return value


def _told(run: "SignalRun", now: datetime) -> dict[str, Any]:
    """`is_lost`: its outcome should be known by now, and never will be."""
    at = run.timestamp.isoformat()
    due = run.timestamp + timedelta(seconds=run.horizon_s) + _SETTLED
    return {
        **run._asdict(),
        "timestamp": at,
        "ends": run.ends.isoformat(),
        "signal_id": at,
        "is_lost": run.outcome is None and due < now,
    }


def _day(day: "QualityDay | PaperDay") -> dict[str, Any]:
    return {**day._asdict(), "day": day.day.isoformat()}
