"""The routes of series for charts: JSON for the page and for programs, CSV for people."""

from flask import Blueprint, Response, abort, request

from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS
from app.chains.state import ChainState
from app.web.routes.chain import conditional
from app.web.services import services

blueprint = Blueprint("series", __name__)

# a day that is over does not change, unless history is filled in behind it
_OVER = "private, max-age=3600, immutable"


@blueprint.get("/api/series/<exchange>/<name>")
def series(exchange: str, name: str) -> Response:
    """A series as parallel arrays."""
    state, asked = _asked(exchange, name)
    found = services().series.answer(name, state, asked)
    answer = conditional(found.body)
    if found.is_closed:
        answer.headers["Cache-Control"] = _OVER
    return answer


@blueprint.get("/api/series/<exchange>/<name>.csv")
def series_as_csv(exchange: str, name: str) -> Response:
    """The same as CSV."""
    state, asked = _asked(exchange, name)
    found = services().series.table(name, state, asked)
    day = asked.day or asked.at
    stamp = "" if day is None else f"_{day:%Y-%m-%d}"
    headers = {"Content-Disposition": f'attachment; filename="{exchange}_{name}{stamp}.csv"'}
    return Response(found.csv(), mimetype="text/csv", headers=headers)


def _asked(exchange: str, name: str) -> tuple[ChainState, Asked]:
    """The newest state and what is asked; nothing is read for what makes no sense."""
    if name not in KINDS:
        abort(404)
    asked = Asked.of(request.args, KINDS[name].wanted)
    return services().states.current(exchange), asked
