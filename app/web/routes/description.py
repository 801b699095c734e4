"""The route that describes all routes."""

from flask import Blueprint, Response, current_app

from app.chains.bodies import Encoded
from app.web.description.document import document
from app.web.routes.chain import conditional

blueprint = Blueprint("description", __name__)

_MADE = "oi-description"


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """This description of all routes, for whoever has signed in."""
    made = current_app.extensions
    if _MADE not in made:
        made[_MADE] = Encoded.of(document(current_app, _version()))
    return conditional(made[_MADE])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("oi-gemini")
    except PackageNotFoundError:
        # a checkout that was never installed
        return "unknown"
