"""The routes of alerts: a user's own rules, and the log of what they told."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, abort, g, request

from app.desk.alerts.rules import Rule, changed, flag, rule_of
from app.web.responses import json_answer
from app.web.services import services
from db.errors import InvalidInputError
from db.market.limits import MOST_ALERTS

if TYPE_CHECKING:
    from db.queries.alerts import AlertEvent, AlertRow

blueprint = Blueprint("alerts", __name__, url_prefix="/api/alerts")

_USUAL_EVENTS, _MOST_EVENTS = 50, 200
_MOST_NUMBER = 2**63 - 1


@blueprint.get("")
def alerts() -> Response:
    """All rules of who asks, and how many there may be."""
    from db.queries.alerts import alerts_of

    with services().database.newest() as connection:
        found = alerts_of(connection, g.user)
    return json_answer({"alerts": [_shown(row) for row in found], "most": MOST_ALERTS})


@blueprint.post("")
def make() -> Response:
    """Keep a new rule; 400 with one sentence for what makes none, and where there are too many."""
    from db.ingest.alerts import add_alert
    from db.queries.alerts import alert_of

    rule = rule_of(_sent())
    with services().database.writing() as connection:
        number = add_alert(
            connection,
            g.user,
            rule.exchange,
            rule.kind,
            rule.params,
            repeats=rule.repeats,
            cooldown_s=rule.cooldown_s,
        )
        row = alert_of(connection, g.user, number)
    return json_answer(_shown(_there(row)), 201)


@blueprint.patch("/<int:number>")
def change(number: int) -> Response:
    """Switch a rule on or off, or change it; it is watched anew."""
    from db.ingest.alerts import change_alert
    from db.queries.alerts import alert_of

    sent = dict(_sent())
    _demand_possible(number)
    with services().database.writing() as connection:
        row = _there(alert_of(connection, g.user, number))
        enabled = flag(sent, "enabled", row.enabled)
        sent.pop("enabled", None)
        known = Rule(row.exchange, row.kind, row.params, row.repeats, row.cooldown_s)
        rule = changed(known, sent)
        change_alert(
            connection,
            g.user,
            number,
            rule.params,
            enabled=enabled,
            repeats=rule.repeats,
            cooldown_s=rule.cooldown_s,
        )
        row = _there(alert_of(connection, g.user, number))
    return json_answer(_shown(row))


@blueprint.delete("/<int:number>")
def remove(number: int) -> Response:
    """Take a rule away; what it told stays in the log."""
    from db.ingest.alerts import remove_alert

    _demand_possible(number)
    with services().database.writing() as connection:
        if not remove_alert(connection, g.user, number):
            abort(404)
    return Response(status=204)


@blueprint.get("/events")
def events() -> Response:
    """The log, newest first; `more` says whether older entries follow."""
    from db.queries.alerts import alert_events

    limit = _whole("limit", _USUAL_EVENTS, 1, _MOST_EVENTS)
    before = _whole("before", None, 0, _MOST_NUMBER)
    with services().database.newest() as connection:
        found = alert_events(connection, g.user, (limit or _USUAL_EVENTS) + 1, before)
    shown = found[:limit]
    return json_answer(
        {"events": [_told(event) for event in shown], "more": len(found) > len(shown)}
    )


def _sent() -> Mapping[str, Any]:
    """The JSON object that was sent; another site's page cannot send that without being asked."""
    try:
        sent = orjson.loads(request.get_data()) if request.is_json else None
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict):
        raise InvalidInputError("Send one JSON object, as application/json.")
    return sent


def _there(row: "AlertRow | None") -> "AlertRow":
    return row if row is not None else abort(404)


def _demand_possible(number: int) -> None:
    if number > _MOST_NUMBER:
        abort(404)


def _whole(name: str, otherwise: int | None, low: int, high: int) -> int | None:
    raw = request.args.get(name)
    if raw is None:
        return otherwise
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 20 and low <= int(raw) <= high):
        raise InvalidInputError(f"{name} must be a whole number from {low} to {high}.")
    return int(raw)


def _shown(row: "AlertRow") -> dict[str, Any]:
    return row._asdict()


def _told(event: "AlertEvent") -> dict[str, Any]:
    # the instant of the chain is market time, as everywhere in the API
    at = None if event.timestamp is None else event.timestamp.isoformat()
    return {**event._asdict(), "timestamp": at}
