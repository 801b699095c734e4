"""The JSON routes of what a chain is compared with."""

from datetime import datetime

from flask import Blueprint, Response, request

from app.web.routes.chain import conditional
from app.web.services import services
from db.errors import InvalidInputError
from db.market.clock import IST, instant_fault
from db.market.limits import CHANGE_MINUTES

blueprint = Blueprint("compared", __name__)

_SPANS = {str(minutes): minutes for minutes in CHANGE_MINUTES} | {"close": None}


@blueprint.get("/api/comparison/<exchange>")
def comparison(exchange: str) -> Response:
    """Prices and ratios of the close before, or of `?with=3` to 30 minutes before.

    They are those before the newest chain, or before the market time `at`.
    """
    given = request.args.get("with", "close")
    if given not in _SPANS:
        raise InvalidInputError(f"with must be one of {', '.join(_SPANS)}, not {given[:40]!r}.")
    shared = services()
    at = _at(exchange)
    return conditional(shared.comparisons.body(exchange, at, _SPANS[given]))


@blueprint.get("/api/breaches/<exchange>")
def breaches(exchange: str) -> Response:
    """OI changes that went beyond their thresholds in the hour before the newest chain, or `at`."""
    return conditional(services().breaches.body(exchange, _at(exchange)))


def _at(exchange: str) -> datetime | None:
    """The market time that is asked for; without one, that of the newest chain."""
    head = services().states.current(exchange).chain.head
    text = request.args.get("at")
    if text is None:
        return None if head is None else head.timestamp
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=IST) if at.tzinfo is None else at.astimezone(IST)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"at must be a date and time such as 2026-08-03T10:15:00, not {text[:40]!r}."
        ) from None
    fault = instant_fault(at)
    if fault is not None:
        raise InvalidInputError(f"at is no moment of the market: {fault}.")
    return at
