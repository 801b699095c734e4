"""The pages for people."""

from typing import Any

import orjson
from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.chains.folded import folded_body
from app.chains.state import ChainState
from app.chains.wire import Clock, clock_message, full_message
from app.web.assets import assets
from app.web.auth.people import ADMIN
from app.web.painting.paint import first_paint
from app.web.problems import UNAVAILABLE
from app.web.services import services
from db.market import limits
from db.market.exchanges import EXCHANGES, exchange_named

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def dashboard() -> ResponseReturnValue:
    """The dashboard with the newest chain already in it; `?exchange=KEY` chooses the tab.

    Without a database, or with a chain that cannot be shown, the page comes with status 503 and
    one sentence, and keeps trying.
    """
    key = request.args.get("exchange", next(iter(EXCHANGES)))
    exchange_named(key)
    shared = services()
    shared.warm_up()
    state, problem = None, None
    try:
        state = shared.states.current(key)
    except UNAVAILABLE as error:
        problem = str(error)
    clock = _clock(key, state, problem)
    burning = _burning()
    # an address of a past moment shows nothing of the present until that moment is here
    is_past = "at" in request.args
    message = (
        None if state is None or is_past else full_message(state.chain, state.status(), book=False)
    )
    page = render_template(
        "dashboard.html",
        paint=first_paint(message, clock, problem, key, EXCHANGES[key].label),
        exchanges=list(EXCHANGES.values()),
        chosen=key,
        problem=problem,
        user=g.user,
        limits=limits,
        burning=burning,
        lacking=clock["lacking"],
        state=_embedded(
            {
                "exchange": key,
                "problem": problem,
                "user": g.user,
                "burning": burning,
                "ui": _ui(),
            }
        ),
        first=_safe(b"null" if state is None else folded_body(state).body),
        clock=_embedded(clock),
    )
    return page, 200 if problem is None else 503


def _burning() -> dict[str, str] | None:
    """By objective what burns, as it is known here; None for who does not run this server."""
    if g.role != ADMIN:
        return None
    return {each.objective: each.sentence for each in services().telemetry.alarms.open}


def _clock(key: str, state: ChainState | None, problem: str | None) -> Clock:
    age_s = None if state is None else state.age_s()
    feeds, lacking = services().feeds.words([key]), services().live.lacking
    return clock_message({key: age_s}, problem, feeds, assets().version, lacking)


def _ui() -> dict[str, Any]:
    """What the page would otherwise have to know by itself."""
    return {
        "poll_s": services().settings.ui_refresh_s,
        "version": assets().version,
        "limits": {
            name.lower(): dict(value) if hasattr(value, "keys") else value
            for name, value in vars(limits).items()
            if name.isupper()
        },
        "exchanges": [
            {
                "key": exchange.key,
                "label": exchange.label,
                "underlying_name": exchange.underlying_name,
                "is_weekly": exchange.is_weekly,
            }
            for exchange in EXCHANGES.values()
        ],
    }


def _embedded(value: Any) -> str:
    return _safe(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def _safe(json: bytes) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.replace(b"<", b"\\u003c").decode()
