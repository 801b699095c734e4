"""Errors translated to HTTP, in this one place."""

import logging

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from app.chains.state import ChainFaultError
from app.desk.paper.errors import RefusedError
from app.kite.errors import BrokerError
from app.web.responses import json_answer
from db.errors import (
    DatabaseUnavailableError,
    ExtensionMissingError,
    InvalidInputError,
    NotMigratedError,
    NotStoredError,
    OIError,
)

_log = logging.getLogger(__name__)

UNAVAILABLE = (
    DatabaseUnavailableError,
    NotMigratedError,
    ExtensionMissingError,
    ChainFaultError,
    BrokerError,
)
_RETRY_AFTER_S = "5"


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(OIError, _known_problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unknown_problem)


def wants_json() -> bool:
    """Whether the route answers programs rather than people."""
    return request.path.startswith(("/api/", "/live"))


def _known_problem(error: OIError) -> ResponseReturnValue:
    if isinstance(error, InvalidInputError):
        return _answer(str(error), 400)
    if isinstance(error, NotStoredError):
        return _answer(str(error), 404)
    if isinstance(error, RefusedError):
        return _answer(str(error), 409)
    if isinstance(error, UNAVAILABLE):
        response = _answer(str(error), 503)
        response.headers["Retry-After"] = _RETRY_AFTER_S
        return response
    _log.error("%s", error)
    return _answer(str(error), 500)


def _http_problem(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None:
        return error
    sentence = {404: f"There is nothing at {request.path}."}.get(error.code, error.description)
    response = _answer(sentence or error.name, error.code)
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name != "Content-Type"
    )
    return response


def _unknown_problem(error: Exception) -> ResponseReturnValue:
    _log.exception("Unexpected error on %s", request.path, exc_info=error)
    return _answer("Something went wrong here; the log of the server says what.", 500)


def _answer(sentence: str, status: int) -> Response:
    if wants_json():
        return json_answer({"error": sentence}, status)
    page = render_template("problem.html", sentence=sentence, status=status)
    return Response(page, status, mimetype="text/html")
