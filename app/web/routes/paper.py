"""Paper trading for the page and for programs; every answer is the signed-in user's own."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from app.desk.paper.errors import RefusedError
from app.web.asked import json_object
from app.web.paper import forms, legacy
from app.web.responses import json_answer
from app.web.services import services
from db.errors import InvalidInputError

blueprint = Blueprint("paper", __name__)


@blueprint.get("/api/paper")
def account() -> Response:
    """Positions at the price of closing them, greeks and margin, P&L by day, the last orders."""
    return json_answer(forms.account(services().paper, g.user))


@blueprint.post("/api/paper/orders")
def place() -> Response:
    """Fill an order's legs at the live edge, all or none: 201, or 200 if its key came before.

    One with `"rests": true` may wait for its limits: the answer's `status` says which it is.
    """
    from app.desk.paper.orders import order_of

    placed = services().paper.place(g.user, order_of(json_object()))
    return json_answer(forms.placed(placed), 200 if placed.repeated else 201)


@blueprint.post("/api/paper/close")
def close() -> Response:
    """Close one position by its id, or all with `"all": true`; names what could not be closed."""
    from app.desk.paper.orders import key_of

    asked = json_object()
    closed = services().paper.close(g.user, key_of(asked.get("key")), _chosen(asked))
    answer = {**forms.placed(closed.placed), "refused": closed.refused}
    return json_answer(answer, 200 if closed.placed.repeated else 201)


@blueprint.post("/api/paper/cancel")
def cancel() -> Response:
    """End an order that rests, by its id."""
    asked = json_object()
    chosen = asked.get("order_id")
    if set(asked) != {"order_id"} or type(chosen) is not int or not 0 < chosen < 2**63:
        raise InvalidInputError('Name what to cancel: "order_id".')
    return json_answer(forms.placed(services().paper.cancel(g.user, chosen)))


@blueprint.get("/api/paper/payoff")
def payoff() -> Response:
    """P&L by level of the index: of `?underlying=NIFTY`, or of `?legs=NSE:SYMBOL:B:1,…`."""
    from app.desk.paper.orders import legs_of

    desk = services().paper
    if "legs" in request.args:
        return json_answer(forms.outlook(desk.outlook_of(legs_of(_legs(request.args["legs"])))))
    return json_answer(forms.outlook(desk.outlook(g.user, request.args.get("underlying", ""))))


@blueprint.post("/api/place_order")
def place_order() -> Response:
    """The old system's way to place an order of one leg; what is refused says why."""
    desk = services().paper
    try:
        return json_answer(legacy.placed(desk, g.user, legacy.order(desk, json_object())))
    except (InvalidInputError, RefusedError) as error:
        reason = str(error)
        answer = {"success": False, "message": reason, "error": reason}
        status = 400 if isinstance(error, InvalidInputError) else 409
        return json_answer({**answer, "position_id": None, "position": None}, status)


@blueprint.get("/api/positions/<exchange>")
def positions(exchange: str) -> Response:
    """The old system's answer of what is open under an exchange key."""
    return json_answer(legacy.positions(services().paper, g.user, exchange))


def _chosen(asked: Mapping[str, Any]) -> int | None:
    """The position to close, None for all: said, never implied."""
    if set(asked) == {"key", "all"} and asked["all"] is True:
        return None
    chosen = asked.get("position_id")
    if set(asked) != {"key", "position_id"} or type(chosen) is not int or not 0 < chosen < 2**63:
        raise InvalidInputError('Name what to close: "position_id", or "all": true.')
    return chosen


def _legs(text: str) -> list[dict[str, Any]]:
    legs = []
    for part in text.split(","):
        words = part.split(":")
        if len(words) != 4 or not (words[3].isascii() and words[3].isdecimal()):
            raise InvalidInputError("legs must be a list of EXCHANGE:SYMBOL:B or S:LOTS.")
        exchange, symbol, side, lots = words
        sized = int(lots) if len(lots) < 6 else 0
        legs.append({"exchange": exchange, "symbol": symbol, "side": side, "lots": sized})
    return legs
