"""Signing in and out, and the door before every page and route that is not public."""

import contextlib
import logging
from functools import partial
from typing import Any

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from app.web.auth import kite, signin
from app.web.auth.attempts import TooManyAttemptsError
from app.web.auth.destination import is_path_of_this_site
from app.web.auth.people import UNASKED, NobodySetError, Person
from app.web.auth.tokens import csrf_token, token_matches
from app.web.problems import wants_json
from app.web.responses import json_answer
from app.web.security import content_policy
from app.web.services import services
from db.errors import SettingsError
from db.loading import load

_log = logging.getLogger(__name__)

blueprint = Blueprint("auth", __name__)

# metrics have a rule of their own: a program that reads them signs in nowhere
_PUBLIC = frozenset(
    {
        *("auth.login", "auth.sign_in", "kite.begin", "assets.asset", "api.healthz"),
        *("api.readyz", "monitoring.prometheus"),
    }
)
# what is answered without a question to it; all others have its libraries whole before they begin
_WITHOUT_DATABASE = frozenset(
    {None, "auth.login", "assets.asset", "api.healthz", "monitoring.prometheus"}
)
EXPIRED = "This page had expired; please try again."


def install(app: Flask) -> None:
    """Ask for a session before every route that is not public."""
    app.before_request(_demand_session)
    app.register_error_handler(TooManyAttemptsError, _closed)
    app.context_processor(lambda: {"csrf_token": csrf_token})


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The login page; needs no database."""
    sid = session.get("sid")
    if isinstance(sid, str) and services().sessions.known_person_of(sid):
        return redirect(_destination())
    response = make_response(_page(200))
    if kite.is_offered():
        # a browser asks of a form's redirect too whether the form may lead there
        policy = content_policy(forms=kite.login_site())
        response.headers["Content-Security-Policy"] = policy
    # only after the page is sent: loading would compete with rendering it
    response.call_on_close(services().warm_up)
    response.call_on_close(services().people.are_kept)
    response.call_on_close(partial(current_app.jinja_env.get_template, "dashboard.html"))
    return response


@blueprint.post("/login")
def sign_in() -> ResponseReturnValue:
    """Check a user name and password; the answer does not say which of them was wrong."""
    if not token_matches(request):
        return _page(400, EXPIRED)
    username = request.form.get("username", "")
    address = request.remote_addr
    try:
        with services().attempts.attempt(address, username) as attempt:
            person = services().people.accepts(username, *_given("password", "code"))
            attempt.succeeded = person is not None
    except TooManyAttemptsError:
        _log.warning("Sign-in of %s from %s refused: too many attempts", _who(username), address)
        raise
    except NobodySetError as error:
        return _page(503, str(error))
    if person is None:
        _log.warning("Sign-in of %s from %s failed", _who(username), address)
        return _page(401, "User name, password or code is not right.")
    begin_session(person)
    _log.info("Sign-in of %s from %s succeeded", person.name, address)
    return redirect(_destination())


@blueprint.get("/logout")
def logout() -> ResponseReturnValue:
    """End the session where this site's own page or the address bar asked; else show a button.

    A page of another site, and a browser that fetches ahead, can so end nothing.
    """
    own = request.headers.get("Sec-Fetch-Site") in ("same-origin", "none")
    if own and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        return _end_session()
    return render_template("logout.html")


@blueprint.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    if not token_matches(request):
        return render_template("logout.html", problem=EXPIRED), 400
    return _end_session()


@blueprint.post("/logout/everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    """End all sessions of this user, on every device."""
    if not token_matches(request):
        return render_template("logout.html", problem=EXPIRED), 400
    ended = services().sessions.close_all(g.user)
    _log.info("%s ended %d sessions from %s", g.user, ended, request.remote_addr)
    session.clear()
    return redirect(url_for("auth.login"))


def sign_in_by_broker() -> ResponseReturnValue:
    """The end of the way over the broker's login page: a session for whom it names."""
    person, wish = kite.finish()
    begin_session(person)
    return redirect(wish if is_path_of_this_site(wish) else url_for("pages.dashboard"))


def _closed(error: TooManyAttemptsError) -> ResponseReturnValue:
    return *_page(429, str(error)), error.headers


def _given(*names: str) -> list[str]:
    return [request.form.get(name, "") for name in names]


def _who(username: str) -> str:
    """A name for the log: only a known one, as a password may have been typed in its place."""
    return username if services().people.knows(username) else "an unknown user"


def _demand_session() -> ResponseReturnValue | None:
    if request.endpoint not in _WITHOUT_DATABASE:
        load()
    if request.endpoint in _PUBLIC or request.endpoint is None:
        return None
    if _signed_in():
        return _led_to_factor()
    # who signs in there comes back without a session of their own yet
    if request.endpoint == "broker.callback" and kite.has_begun(request.args.get("state", "")):
        return None
    if wants_json():
        return json_answer({"error": "Please sign in at /login first."}, 401)
    wish = request.full_path.rstrip("?")
    # what the broker sends back belongs to the session that is over, and into no address
    plain = wish == "/" or request.blueprint == "auth" or request.endpoint == "broker.callback"
    return redirect(url_for("auth.login") if plain else url_for("auth.login", next=wish))


def _led_to_factor() -> ResponseReturnValue | None:
    """The way to a second factor for who must have one, and has nothing else to do here yet."""
    if not g.person.lacks_factor or request.blueprint in ("auth", "factor"):
        return None
    if wants_json():
        return json_answer({"error": "Please set up a second factor at /second-factor first."}, 403)
    return redirect(url_for("factor.overview"))


def _signed_in() -> bool:
    sid = session.get("sid")
    person = services().sessions.person_of(sid) if isinstance(sid, str) else None
    if person is None:
        return False
    g.person, g.user, g.role, g.session_id = person, person.name, person.role, sid
    return True


def begin_session(person: Person) -> None:
    """A session with a new id and a new token; the one before, if any, is over."""
    with contextlib.suppress(*UNASKED):
        _close_kept_session()
    session.permanent = True
    session["sid"] = services().sessions.open(person, request.remote_addr)


def _end_session() -> ResponseReturnValue:
    _close_kept_session()
    _log.info("%s signed out from %s", g.user, request.remote_addr)
    return redirect(url_for("auth.login"))


def _close_kept_session() -> None:
    sid = session.get("sid")
    # this browser has it no more, whatever becomes of the rest
    session.clear()
    if isinstance(sid, str):
        services().sessions.close(sid)


def _destination() -> str:
    wish = request.values.get("next", "")
    return wish if is_path_of_this_site(wish) else url_for("pages.dashboard")


def _page(status: int, problem: str | None = None) -> tuple[str, int]:
    shown: dict[str, Any] = {"problem": problem, "sign_in": None, "is_broken": False}
    shown["next"] = _destination()
    shown["by_broker"] = kite.is_offered()
    shown["has_users"] = services().people.are_known
    shown["must_have_factor"] = services().people.must_have_factor
    try:
        if not shown["must_have_factor"]:
            shown["sign_in"] = signin.configured(services().settings)
    except SettingsError as error:
        shown["problem"], shown["is_broken"] = str(error), True
    return render_template("login.html", **shown), status
