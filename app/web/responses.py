"""Answers that the routes share."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response


def json_answer(value: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, mimetype="application/json")
