"""The JSON routes of series through the day."""

from flask import Blueprint, Response

from app.web.routes.chain import conditional
from app.web.services import services

blueprint = Blueprint("series", __name__)


@blueprint.get("/api/pcr/<exchange>")
def pcr(exchange: str) -> Response:
    """PCR and index by minute over the newest chain's trading day, as parallel arrays."""
    shared = services()
    return conditional(shared.days.body(shared.states.current(exchange)))
