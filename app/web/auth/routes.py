"""Signing in and out, and the door before every page and route that is not public."""

import hmac
import secrets
from math import ceil
from typing import Any

from flask import (
    Blueprint,
    Flask,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from app.web.auth import signin
from app.web.problems import wants_json
from app.web.responses import json_answer
from app.web.services import services
from db.errors import SettingsError

blueprint = Blueprint("auth", __name__)

_PUBLIC = frozenset({"auth.login", "auth.sign_in", "auth.logout", "assets.asset", "api.healthz"})


def install(app: Flask) -> None:
    """Ask for a session before every route that is not public."""
    app.before_request(_demand_session)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The login page; needs no database."""
    if _signed_in():
        return redirect(_destination())
    response = make_response(_page(200))
    # only after the page is sent: loading would compete with rendering it
    response.call_on_close(services().warm_up)
    return response


@blueprint.post("/login")
def sign_in() -> ResponseReturnValue:
    """Check a user name and password; the answer does not say which of them was wrong."""
    address = request.remote_addr or "unknown"
    limit = services().attempts
    if not _token_matches():
        return _page(400, "This page had expired; please try again.")
    wait_s = limit.wait_s(address)
    if wait_s > 0:
        sentence = f"Too many attempts; please wait {ceil(wait_s)} seconds."
        return *_page(429, sentence), {"Retry-After": str(ceil(wait_s))}
    known = signin.configured(services().settings)
    if known is None:
        return _page(503)
    if not known.accepts(request.form.get("username", ""), request.form.get("password", "")):
        limit.failed(address)
        return _page(401, "User name or password is not right.")
    limit.succeeded(address)
    destination = _destination()
    session.clear()
    session.permanent = True
    session.update(user=known.username, proof=known.proof)
    return redirect(destination)


@blueprint.get("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    session.clear()
    return redirect(url_for("auth.login"))


def _demand_session() -> ResponseReturnValue | None:
    if request.endpoint in _PUBLIC or request.endpoint is None or _signed_in():
        return None
    if wants_json():
        return json_answer({"error": "Please sign in at /login first."}, 401)
    wish = request.full_path.rstrip("?")
    target = url_for("auth.login") if wish == "/" else url_for("auth.login", next=wish)
    return redirect(target)


def _signed_in() -> bool:
    if "user" not in session:
        return False
    known = signin.configured(services().settings)
    valid = known is not None and hmac.compare_digest(str(session.get("proof", "")), known.proof)
    if valid:
        g.user = session["user"]
    return valid


def _destination() -> str:
    wish = request.values.get("next", "")
    # only a path of this site: "//host" and "/\host" would lead elsewhere
    inside = wish.startswith("/") and not wish.startswith(("//", "/\\"))
    return wish if inside else url_for("pages.dashboard")


def _token_matches() -> bool:
    expected = session.get("csrf", "")
    given = request.form.get("csrf", "")
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())


def _page(status: int, problem: str | None = None) -> tuple[str, int]:
    session.setdefault("csrf", secrets.token_urlsafe(24))
    shown: dict[str, Any] = {"problem": problem, "sign_in": None, "next": _destination()}
    try:
        shown["sign_in"] = signin.configured(services().settings)
    except SettingsError as error:
        shown["problem"] = str(error)
    return render_template("login.html", csrf=session["csrf"], **shown), status
