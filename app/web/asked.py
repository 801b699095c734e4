"""What several routes are asked for in the same words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from flask import request

from db.errors import InvalidInputError
from db.market.clock import IST

LONGEST = 40
"""No answer repeats more of a question than this."""


def market_moment(name: str, text: str) -> datetime:
    """An aware moment; a plus sign that a URL turned into a space counts as one.

    Text without a zone is IST. Raises InvalidInputError, which names the parameter.
    """
    spaced = text[:LONGEST].strip()
    date_part, t, rest = spaced.partition("T")
    try:
        if len(text) > LONGEST or len(spaced) <= len("2026-08-03"):
            raise ValueError
        found = datetime.fromisoformat(f"{date_part}{t}{rest.replace(' ', '+')}")
        return found.replace(tzinfo=IST) if found.tzinfo is None else found.astimezone(IST)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"{name} must be a moment such as 2026-08-03T11:00:00, not {text[:LONGEST]!r}."
        ) from None


def json_object() -> Mapping[str, Any]:
    """The request's JSON object; raises InvalidInputError for anything else.

    However deep a body nests: Python's own reader of JSON fails at a depth that is none of its
    errors.
    """
    try:
        sent = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict):
        raise InvalidInputError("The request's body must be a JSON object.")
    return sent
