"""The pages for people."""

from typing import Any

import orjson
from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.chains.wire import LiveView, full_message
from app.web.problems import UNAVAILABLE
from app.web.services import services
from db.market.exchanges import EXCHANGES, exchange_named

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def dashboard() -> ResponseReturnValue:
    """The dashboard with the newest chain already in it; `?exchange=KEY` chooses the tab.

    Without a database the page comes with status 503 and one sentence, and keeps trying.
    """
    key = request.args.get("exchange", next(iter(EXCHANGES)))
    exchange_named(key)
    shared = services()
    shared.live.start()
    problem, first, status = None, b"null", 200
    try:
        first = full_message(LiveView.of(shared.states.current(key)))
    except UNAVAILABLE as error:
        problem, status = str(error), 503
    page = render_template(
        "dashboard.html",
        exchanges=list(EXCHANGES.values()),
        chosen=key,
        problem=problem,
        user=g.user,
        state=_embeddable({"exchange": key, "problem": problem, "ui": _intervals()}),
        first=_safe(first),
    )
    return page, status


def _intervals() -> dict[str, Any]:
    settings = services().settings
    return {"poll_s": settings.ui_refresh_s}


def _embeddable(value: dict[str, Any]) -> str:
    return _safe(orjson.dumps(value))


def _safe(json: bytes) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.replace(b"<", b"\\u003c").decode()
