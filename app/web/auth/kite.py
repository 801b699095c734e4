"""Signing in as somebody whom the broker knows: led there, taken back, and named by the broker.

An app at the broker has one address to come back to, `/broker/callback`; the word that goes there
and back tells what was begun, and by which browser.
"""

import hmac
import logging
import secrets
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request, session
from flask.typing import ResponseReturnValue

from app.kite.errors import BrokerError
from app.kite.identity import App, Identity, identified, let_go
from app.kite.login import PAGE, login_address
from app.kite.session import SessionStore, broker_folder
from app.web.auth.people import ADMIN, Person
from app.web.auth.session_key import session_key
from app.web.auth.tokens import token_matches
from app.web.services import services
from db.errors import InvalidInputError, SettingsError

_log = logging.getLogger(__name__)

blueprint = Blueprint("kite", __name__)

_WORD, _NEXT = "kite_sign_in", "kite_next"
_EXPIRED = "This page had expired; go back to /login and try again."
_FAILED = "The login at the broker did not succeed; begin anew at /login."


def is_offered() -> bool:
    """Whether anybody may sign in so, and an app at the broker is set."""
    chosen = services().settings
    return bool(chosen.kite_users and chosen.kite_api_key and chosen.kite_api_secret)


def login_site() -> str:
    """Where the broker's login page is: a form may lead there."""
    page = urlsplit(services().settings.kite_login_url or PAGE)
    return f"{page.scheme}://{page.netloc}"


@blueprint.post("/login/kite")
def begin() -> ResponseReturnValue:
    """Lead somebody to the broker's login page, with a word that only this browser has."""
    if not is_offered():
        abort(404)
    if not token_matches(request):
        raise InvalidInputError(_EXPIRED)
    chosen = services().settings
    session[_WORD] = secrets.token_urlsafe(24)
    session[_NEXT] = request.form.get("next", "")
    return redirect(login_address(chosen.kite_api_key or "", chosen.kite_login_url, session[_WORD]))


def has_begun(given: str) -> bool:
    """Whether this browser began to sign in with that word."""
    word = session.get(_WORD)
    return isinstance(word, str) and hmac.compare_digest(word.encode(), given.encode())


def request_token(otherwise: str) -> str:
    """What the broker sends a person back with; raises InvalidInputError after a failed login."""
    token = request.args.get("request_token", "")
    if request.args.get("status") != "success" or not (token.isascii() and token.isalnum()):
        raise InvalidInputError(otherwise)
    return token


def finish() -> tuple[Person, str]:
    """Who came back, and where they wanted to go.

    Raises InvalidInputError for a login that failed, BrokerError where nobody can tell,
    TooManyAttemptsError, and 403 for somebody who is not on the list.
    """
    # it counts once, whatever comes of it
    session.pop(_WORD, None)
    wish = str(session.pop(_NEXT, ""))
    token = request_token(otherwise=_FAILED)
    address = request.remote_addr
    with services().attempts.attempt(address, f"kite {address}") as attempt:
        found = _asked(token)
        person = services().people.of_broker(found.user_id)
        attempt.succeeded = person is not None
    if person is None:
        _log.warning("Sign-in by the broker from %s refused: a user id not allowed", address)
        abort(403, "That user of the broker may not sign in here.")
    _log.info("Sign-in of %s from %s succeeded at the broker", person.name, address)
    return person, wish


def _asked(token: str) -> Identity:
    """Whom the broker names; the session that comes with it is kept for the feed, or ended."""
    chosen = services().settings
    app = App(chosen.kite_api_key or "", chosen.kite_api_secret or "", chosen.kite_root)
    found = identified(app, token)
    if _is_of_feed(found):
        # a new login has ended the one that the collector uses
        store().keep(found.user_id, found.access_token)
    else:
        with suppress(BrokerError, InvalidInputError):
            let_go(app, found)
    return found


def _is_of_feed(found: Identity) -> bool:
    """Whether the feed uses that account; the first administrator's serves where it has none."""
    try:
        kept = store().load()
    except SettingsError:
        return False
    if kept is not None:
        return kept.user_id == found.user_id
    person = services().people.of_broker(found.user_id)
    return person is not None and person.role == ADMIN


def store() -> SessionStore:
    """Where the broker's session of the feed is kept."""
    chosen = services().settings
    return SessionStore(broker_folder(chosen), session_key(chosen, chosen.home))
