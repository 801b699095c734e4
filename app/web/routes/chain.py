"""The routes of the newest chain: JSON for the page and for programs, CSV for people."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from flask import Blueprint, Response, request

from app.chains import legacy
from app.chains.bodies import Body
from app.chains.export import chain_csv, file_name
from app.chains.state import Chain, ChainFaultError, ChainState
from app.chains.wire import clock_message, full_body
from app.web.asked import market_moment
from app.web.assets import assets
from app.web.packing import accepts_gzip
from app.web.problems import UNAVAILABLE
from app.web.responses import json_answer
from app.web.services import services
from db.errors import InvalidInputError
from db.market.exchanges import EXCHANGES
from db.market.limits import MOST_STRIKES

blueprint = Blueprint("api", __name__)

_IN_HEADER: Sequence[Literal["phase", "feeds", "lacking"]] = ("phase", "feeds", "lacking")


@blueprint.get("/healthz")
def healthz() -> Response:
    """That the process answers, and whether it follows the database at the moment."""
    following = services().states.followed
    return json_answer({"status": "ok", "following": following})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether to send people here: 200 while this process follows the database, else 503."""
    shared = services()
    shared.live.start()
    if shared.states.followed:
        return json_answer({"status": "ready"})
    return json_answer({"error": "This process does not follow the database."}, 503)


@blueprint.get("/api/system-status")
def system_status() -> Response:
    """Whether there are chains to show, and how far start-up is, step by step.

    Says what is wrong with the database or with Redis.
    """
    shared = services()
    shared.warm_up()
    problem = shared.cache.problem()
    more: dict[str, Any] = {} if problem is None else {"cache": problem}
    more["steps"] = shared.telemetry.steps.shown()
    try:
        ready = any(_has_chain(key) for key in EXCHANGES)
    except UNAVAILABLE as error:
        answer = {"initialized": False, "initializing": False, "error": str(error)}
        return json_answer({**answer, **more}, 503)
    return json_answer({"initialized": ready, "initializing": not ready, **more})


@blueprint.post("/api/system-status/retry")
def retry_step() -> Response:
    """Try a step of start-up that has failed again now: `{step}`."""
    asked = request.get_json(force=True, silent=True)
    name = asked.get("step") if isinstance(asked, dict) else None
    if not isinstance(name, str):
        raise InvalidInputError("Name the step to try again: {step}.")
    services().telemetry.steps.retry(name)
    return json_answer({"success": True})


@blueprint.get("/api/state/<exchange>")
def state(exchange: str) -> Response:
    """The newest chain as the page is pushed it; what a clock message says stands in headers.

    `?book=0` leaves out bid, ask and their quantities, which few pages show.
    """
    book = _flag("book", request.args.get("book", "1"))
    current = _current(exchange)
    feeds, lacking = services().feeds.words([exchange]), services().live.lacking
    clock = clock_message({exchange: current.age_s()}, feeds=feeds, lacking=lacking)
    answer = conditional(full_body(current, book=book))
    answer.headers["OI-Server-Ms"] = str(clock["server_ms"])
    answer.headers["OI-Build"] = assets().version
    # a header takes no letter beyond ASCII
    told = {name: clock[name] for name in _IN_HEADER}
    answer.headers["OI-Market"] = json.dumps(told)
    if (age_ms := clock["ages"][exchange]) is not None:
        answer.headers["OI-Age-Ms"] = str(age_ms)
    return answer


@blueprint.get("/api/data/<exchange>")
def data(exchange: str) -> Response:
    """The newest chain for programs; `?strikes=N` narrows it to N strikes either side of ATM."""
    strikes = _strikes(request.args.get("strikes"))
    return conditional(legacy.body(_current(exchange), strikes))


@blueprint.get("/api/chain/<exchange>.csv")
def chain_as_csv(exchange: str) -> Response:
    """The newest chain as CSV, one line a contract; with `?at=` that of a past moment."""
    at = request.args.get("at")
    chain = services().states.current(exchange).chain if at is None else _past_chain(exchange, at)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(chain)}"'}
    return Response(chain_csv(chain), mimetype="text/csv", headers=headers)


def _current(exchange: str) -> ChainState:
    shared = services()
    shared.live.start()
    return shared.states.current(exchange)


def _past_chain(exchange: str, at: str) -> Chain:
    """The chain of the newest stored moment at or before a market time in a URL."""
    past = services().past
    return past.chain(past.moment(exchange, market_moment("at", at)))


def _has_chain(exchange: str) -> bool:
    try:
        return services().states.current(exchange).chain.head is not None
    except ChainFaultError:
        # its own page says so; the others can be shown
        return False


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise InvalidInputError(f"{name} must be 0 or 1, not {text[:40]!r}.")
    return text == "1"


def _strikes(text: str | None) -> int | None:
    if text is None:
        return None
    whole = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_STRIKES))
    if not whole or not 1 <= int(text) <= MOST_STRIKES:
        raise InvalidInputError(
            f"strikes must be a whole number from 1 to {MOST_STRIKES}, not {text[:40]!r}."
        )
    return int(text)


def conditional(encoded: Body, caching: str = "private, no-cache") -> Response:
    """The body, packed if the client can unpack it; 304 when the client has it already."""
    packed = accepts_gzip()
    response = Response(mimetype="application/json")
    response.set_etag(encoded.etag, weak=True)
    response.headers["Cache-Control"] = caching
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    if request.if_none_match.contains_weak(encoded.etag):
        response.status_code = 304
        return response
    response.data = encoded.gzipped if packed else encoded.body
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
