"""The routes of stored history: any past moment, runs of them, days and expiries."""

from datetime import date

from flask import Blueprint, Response, request

from app.chains.past.moments import CLOSED_S
from app.web.asked import LONGEST, market_moment
from app.web.routes.chain import conditional
from app.web.services import services
from db.errors import InvalidInputError
from db.market.limits import MOST_FRAMES

blueprint = Blueprint("past", __name__)

_CLOSED = f"private, max-age={CLOSED_S:.0f}"
_OPEN = "private, no-cache"


@blueprint.get("/api/as-of/<exchange>")
def as_of(exchange: str) -> Response:
    """The chain of the newest stored moment at or before `?at=`, as `/api/state` answers it.

    With `?from=` and `?count=` that moment and those that follow: the first chain whole, then
    deltas. Times are market time, naive or with an offset.
    """
    past = services().past
    asked = [name for name in ("at", "from") if name in request.args]
    if len(asked) != 1:
        raise InvalidInputError("Give either at or from, a moment such as 2026-08-03T11:00:00.")
    moment = past.moment(exchange, market_moment(asked[0], request.args[asked[0]]))
    if asked == ["from"]:
        frames = past.run(moment, _count(request.args.get("count", str(MOST_FRAMES))))
        return conditional(frames)
    return conditional(past.body(moment), _CLOSED if moment.is_closed else _OPEN)


@blueprint.get("/api/days/<exchange>")
def days(exchange: str) -> Response:
    """The days of which something is stored, with their first and last moments."""
    return conditional(services().past.days(exchange))


@blueprint.get("/api/moments/<exchange>")
def moments(exchange: str) -> Response:
    """When snapshots were taken on `?day=`, and the bounds of its session."""
    return conditional(services().past.instants(exchange, _day(request.args.get("day", ""))))


@blueprint.get("/api/expiries/<exchange>")
def expiries(exchange: str) -> Response:
    """Every stored expiry of the exchange's underlying, with the chain that held it."""
    return conditional(services().past.expiries(exchange))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"day must be a date such as 2026-08-03, not {text[:LONGEST]!r}."
        ) from None


def _count(text: str) -> int:
    whole = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_FRAMES))
    if not whole or not 1 <= int(text) <= MOST_FRAMES:
        raise InvalidInputError(
            f"count must be a whole number from 1 to {MOST_FRAMES}, not {text[:LONGEST]!r}."
        )
    return int(text)
