"""The JSON routes."""

import csv
import io
from typing import Any

from flask import Blueprint, Response, request

from app.chains.legacy import Row
from app.chains.states import Encoded
from app.web.problems import UNAVAILABLE
from app.web.responses import json_answer
from app.web.services import services
from db.errors import InvalidInputError
from db.market.exchanges import EXCHANGES

blueprint = Blueprint("api", __name__)

_MOST_STRIKES = 500


@blueprint.get("/healthz")
def healthz() -> Response:
    """That the process answers, and whether it follows the database at the moment."""
    following = services().states.followed
    return json_answer({"status": "ok", "following": following})


@blueprint.get("/api/system-status")
def system_status() -> Response:
    """Whether there are chains to show; says what is missing when the database is away."""
    states = services().states
    try:
        ready = any(states.current(key).payload["updated_at"] for key in EXCHANGES)
    except UNAVAILABLE as error:
        answer = {"initialized": False, "initializing": False, "error": str(error)}
        return json_answer(answer, 503)
    return json_answer({"initialized": ready, "initializing": not ready})


@blueprint.get("/api/data/<exchange>")
def data(exchange: str) -> Response:
    """The newest chain; `?strikes=N` narrows it to N strikes either side of ATM."""
    strikes = _strikes(request.args.get("strikes"))
    shared = services()
    shared.live.start()
    return _conditional(shared.states.current(exchange).encoded(strikes))


@blueprint.get("/api/chain/<exchange>.csv")
def chain_csv(exchange: str) -> Response:
    """The newest chain as CSV, one line a contract."""
    payload = services().states.current(exchange).payload
    text = io.StringIO(newline="")
    lines = [_csv_line(payload, side, option) for side, option in _contracts(payload)]
    writer = csv.DictWriter(text, fieldnames=list(lines[0]) if lines else ["exchange"])
    writer.writeheader()
    writer.writerows(lines)
    stamp = (payload["last_update"] or "empty")[:19].replace(":", "")
    name = f"{payload['exchange']}_{stamp}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), mimetype="text/csv", headers=headers)


def _strikes(text: str | None) -> int | None:
    if text is None:
        return None
    whole = text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST_STRIKES))
    if not whole or not 1 <= int(text) <= _MOST_STRIKES:
        raise InvalidInputError(
            f"strikes must be a whole number from 1 to {_MOST_STRIKES}, not {text!r}."
        )
    return int(text)


def _conditional(encoded: Encoded) -> Response:
    """The body, packed if the client can unpack it; 304 when the client has it already."""
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(mimetype="application/json")
    response.set_etag(encoded.etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    if request.if_none_match.contains_weak(encoded.etag):
        response.status_code = 304
        return response
    response.data = encoded.gzipped if packed else encoded.body
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _contracts(payload: Row) -> list[tuple[str, Row]]:
    both = [("CE", o) for o in payload["call_options"]] + [
        ("PE", o) for o in payload["put_options"]
    ]
    return sorted(both, key=lambda pair: (pair[1]["strike"], pair[0]))


def _csv_line(payload: Row, side: str, option: Row) -> dict[str, Any]:
    flat = {name: value for name, value in option.items() if not isinstance(value, dict)}
    return {
        "timestamp": payload["last_update"],
        "exchange": payload["exchange"],
        "expiry": payload["expiry"],
        "underlying_price": payload["underlying_price"],
        "option_type": side,
        **flat,
        **{f"pct_change_{name}": value for name, value in option["pct_changes"].items()},
        **{f"oi_change_{name}": value for name, value in option["abs_changes"].items()},
    }
