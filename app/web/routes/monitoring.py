"""How the system does: for Prometheus, for programs, and as a page for people."""

import hmac
import ipaddress
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.telemetry import metrics
from app.telemetry.exposed import is_this_machine
from app.telemetry.tallies import Figures, slowest
from app.web.monitoring.sections import sections
from app.web.monitoring.state import caches, pools
from app.web.monitoring.troubles import troubles
from app.web.monitoring.view import View
from app.web.monitoring.words import WORDS
from app.web.responses import json_answer
from app.web.services import services

blueprint = Blueprint("monitoring", __name__)

_BEARER = "Bearer "
# whoever came through a proxy comes from elsewhere, whatever address is seen here
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@blueprint.get("/metrics")
def prometheus() -> Response:
    """What Prometheus reads, of all workers; to this machine alone, or to who has the token."""
    if not _may_read():
        abort(403, "Metrics are given to this machine alone; OI_METRICS_TOKEN lets others in.")
    return Response(services().telemetry.exposition(), content_type=metrics.CONTENT_TYPE)


@blueprint.get("/api/performance-metrics")
def performance_metrics() -> Response:
    """How long things take in this process: start-up, routes, statements, links, caches, pools.

    Figures are of the last five minutes, in milliseconds; `since_start` holds those of all.
    """
    telemetry = services().telemetry
    lately, ever = telemetry.recorder.lately(), telemetry.recorder.since_start()
    return json_answer(
        {
            "initialization": telemetry.steps.shown(),
            "routes": _of("route", lately),
            "queries": _of("query", lately),
            "websocket": {
                "viewers": services().live.hub.count(),
                "unsent_bytes": services().live.hub.backlog_bytes(),
                "operations": _of("socket", lately),
            },
            "steps": _of("step", lately),
            "pool": {"waits": _of("pool", lately), "connections": pools()},
            "caches": caches(),
            "slowest": [_told(each) for each in slowest(lately)],
            "since_start": [_told(each) for each in ever],
            "lost": telemetry.recorder.lost,
        }
    )


@blueprint.get("/monitoring")
def page() -> ResponseReturnValue:
    """How everything does, on one page that keeps itself up to date; waits for no database."""
    shared = services()
    shared.warm_up()
    view = View(shared, shared.parts.seen())
    return render_template(
        "monitoring.html", troubles=troubles(view), sections=sections(view), **WORDS
    )


@blueprint.get("/monitoring/plan/<name>")
def plan(name: str) -> ResponseReturnValue:
    """The plan that the server keeps for a statement of that name."""
    from db.queries.plans import generic_plan, statement_text

    with services().database.newest() as connection:
        lines = generic_plan(connection, name)
    return render_template(
        "monitoring_plan.html", name=name, lines=lines, text=statement_text(name)
    )


def _may_read() -> bool:
    token = services().settings.metrics_token
    if token is not None:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"{_BEARER}{token}".encode())
    if any(name in request.headers for name in _FORWARDED) or not is_this_machine(request.host):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _of(kind: str, found: list[Figures]) -> list[dict[str, Any]]:
    return [_told(each) for each in found if each.kind == kind]


def _told(figures: Figures) -> dict[str, Any]:
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in asdict(figures).items()
    }
