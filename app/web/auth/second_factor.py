"""The page on which users set up their second factor, and remove it."""

import logging
from typing import Any

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue

from app.web.auth import codes
from app.web.auth.attempts import TooManyAttemptsError
from app.web.auth.people import OF_BROKER, Person
from app.web.auth.routes import EXPIRED, begin_session
from app.web.auth.tokens import token_matches
from app.web.services import services

_log = logging.getLogger(__name__)

blueprint = Blueprint("factor", __name__, url_prefix="/second-factor")

_ELSEWHERE = "You sign in at the broker's page, which asks for a second factor of its own."
_NOT_OF_USERS = (
    "The one sign-in of this server has no second factor; users have: python -m app user add NAME."
)
_LINE = 20


@blueprint.get("")
def overview() -> ResponseReturnValue:
    """Whether the user has a second factor, and the way to one."""
    if sentence := _none_for(g.person):
        return _page("none", sentence=sentence)
    return _standing()


@blueprint.post("/begin")
def begin() -> ResponseReturnValue:
    """Make a secret for who knows their password, and show it this once."""
    if (refused := _refused()) or (refused := _unproven(code="")):
        return refused
    secret = services().factors.begun(g.user)
    address = codes.address_of(g.user, secret)
    return _page(
        "begun", picture=codes.picture_of(address), address=address, secret=_in_groups(secret)
    )


@blueprint.post("/confirm")
def confirm() -> ResponseReturnValue:
    """Let the secret count once a code of it was given, and show the recovery codes this once."""
    if refused := _refused():
        return refused
    made = services().factors.confirmed(g.user, request.form.get("code", ""))
    if made is None:
        return _page("begun", 401, "That is not the code of now; wait for the next one.")
    _changed("set up a second factor")
    return _page("codes", codes=[codes.spaced(code) for code in made])


@blueprint.post("/remove")
def remove() -> ResponseReturnValue:
    """Take it away for who has password and code."""
    if (refused := _refused()) or (refused := _unproven(request.form.get("code", ""))):
        return refused
    services().factors.dropped(g.user)
    _changed("removed the second factor")
    return _standing()


def _none_for(person: Person) -> str | None:
    """Why somebody can have none here."""
    if person.name.startswith(OF_BROKER):
        return _ELSEWHERE
    return None if person.is_kept else _NOT_OF_USERS


def _refused() -> ResponseReturnValue | None:
    if sentence := _none_for(g.person):
        abort(403, sentence)
    return None if token_matches(request) else _standing(400, EXPIRED)


def _unproven(code: str) -> ResponseReturnValue | None:
    """The answer to who does not know password and code; their guesses count as at sign-in."""
    address = request.remote_addr
    with services().attempts.attempt(address, g.user) as attempt:
        person = services().people.accepts(g.user, request.form.get("password", ""), code)
        attempt.succeeded = person is not None
    if person is not None:
        return None
    _log.warning("A change of the second factor of %s from %s failed", g.user, address)
    return _standing(401, "That is not right.")


@blueprint.errorhandler(TooManyAttemptsError)
def _closed(error: TooManyAttemptsError) -> ResponseReturnValue:
    """The door is closed to guesses here as at sign-in; this page says so itself."""
    return *_standing(429, str(error)), error.headers


def _changed(what: str) -> None:
    """Note it, end all sessions of the user, and begin one anew here."""
    ended = services().sessions.close_all(g.user)
    begin_session(g.person)
    _log.info(
        "%s %s from %s; other sessions ended: %d", g.user, what, request.remote_addr, ended - 1
    )


def _standing(status: int = 200, problem: str | None = None) -> tuple[str, int]:
    row = services().factors.of(g.user)
    if row is None or not row.is_confirmed:
        return _page("off", status, problem)
    left = sum(each is not None for each in row.recovery)
    return _page("on", status, problem, left=left, made=len(row.recovery))


def _page(
    state: str, status: int = 200, problem: str | None = None, **shown: Any
) -> tuple[str, int]:
    is_led_here = g.person.lacks_factor and state != "codes"
    shown |= {"state": state, "problem": problem, "user": g.user, "is_led_here": is_led_here}
    return render_template("second_factor.html", **shown), status


def _in_groups(secret: str) -> str:
    """A secret as people type it over: groups of four, two lines."""
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return f"{grouped[:_LINE].strip()}\n{grouped[_LINE:]}"
