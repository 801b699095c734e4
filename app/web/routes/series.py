"""The JSON routes of series through the day."""

from datetime import datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.web.responses import json_answer
from app.web.services import services
from db.market.exchanges import exchange_named

blueprint = Blueprint("series", __name__)


@blueprint.get("/api/pcr/<exchange>")
def pcr(exchange: str) -> ResponseReturnValue:
    """PCR and index by minute over the newest chain's trading day, as parallel arrays."""
    from app.chains.day import day_series

    exchange_named(exchange)
    shared = services()
    last_update = shared.states.current(exchange).payload["last_update"]
    with shared.database.history() as connection:
        day = None if last_update is None else datetime.fromisoformat(last_update)
        return json_answer(day_series(connection, exchange, day))
