"""Logging in at the broker from a browser: this site leads there, and takes back what comes.

The token that comes back is left for the collector, which alone asks the broker for data; of one
that signs a person in here this process asks whose it is.
"""

import hmac
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.kite.login import login_address
from app.kite.session import BrokerSession
from app.web.auth import kite
from app.web.auth.people import ADMIN
from app.web.auth.roles import demand_admin
from app.web.auth.routes import EXPIRED, sign_in_by_broker
from app.web.auth.tokens import token_matches
from app.web.security import content_policy
from app.web.services import services
from db.errors import InvalidInputError, SettingsError
from db.market.clock import market_now

_log = logging.getLogger(__name__)

blueprint = Blueprint("broker", __name__, url_prefix="/broker")

_NONCE = "broker_login"
_NOT_SET = (
    "No app of the broker is set: set OI_KITE_API_KEY and OI_KITE_API_SECRET for this server and "
    "for the collector, then start both again."
)
_FOREIGN = "This login was not begun here, or was finished before; begin anew at /broker."
_FAILED = "The login at the broker did not succeed; begin anew at /broker."


@dataclass(frozen=True, slots=True)
class _Standing:
    """How it stands with the broker; `has_ended` is a guess by the clock, the feed knows."""

    session: BrokerSession | None
    problem: str | None
    needs_login: bool

    @property
    def has_ended(self) -> bool:
        return self.session is not None and self.session.ends_about < market_now()


@blueprint.get("")
def overview() -> ResponseReturnValue:
    """Who is logged in at the broker, since when and until about when; and the way to log in."""
    return _page(200)


@blueprint.post("/login")
def login() -> ResponseReturnValue:
    """Lead an administrator to the broker, with a word that only this session knows."""
    demand_admin()
    if not token_matches(request):
        return _page(400, EXPIRED)
    chosen = services().settings
    if not chosen.kite_api_key:
        return _page(503)
    session[_NONCE] = secrets.token_urlsafe(24)
    return redirect(login_address(chosen.kite_api_key, chosen.kite_login_url, session[_NONCE]))


@blueprint.get("/callback")
def callback() -> ResponseReturnValue:
    """Take the request token that the broker sends a person back with, and go to the chain.

    It is a person who signs in here, or an administrator who logs in for the feed.
    Raises InvalidInputError for a login that this session did not begin, and for one that failed.
    """
    given = request.args.get("state", "")
    if kite.has_begun(given):
        return sign_in_by_broker()
    demand_admin()
    expected = session.pop(_NONCE, None)
    if not isinstance(expected, str) or not hmac.compare_digest(expected.encode(), given.encode()):
        raise InvalidInputError(_FOREIGN)
    kite.store().bring(kite.request_token(otherwise=_FAILED))
    _log.info("%s logged in at the broker from %s", g.user, request.remote_addr)
    return redirect(url_for("pages.dashboard"))


def _standing() -> _Standing:
    shared = services()
    words = shared.feeds.words(shared.feeds.known())
    needed = [word for word in words.values() if word["state"] == "login needed"]
    problem = next((word["sentence"] for word in needed), None)
    try:
        kept = kite.store().load()
    except SettingsError as error:
        return _Standing(None, str(error), bool(needed))
    return _Standing(kept, problem, bool(needed))


def _page(status: int, problem: str | None = None) -> ResponseReturnValue:
    services().warm_up()
    chosen = services().settings
    is_set = bool(chosen.kite_api_key)
    standing = _standing() if is_set else _Standing(None, _NOT_SET, needs_login=False)
    page = render_template(
        "broker.html",
        standing=standing,
        problem=problem or standing.problem,
        is_set=is_set,
        may_log_in=g.role == ADMIN,
        told=_told,
    )
    response = make_response(page, status)
    # a browser asks of a form's redirect too whether the form may lead there
    response.headers["Content-Security-Policy"] = content_policy(forms=kite.login_site())
    return response


def _told(moment: datetime) -> str:
    return f"{moment:%H:%M on %A, %d %B}"
