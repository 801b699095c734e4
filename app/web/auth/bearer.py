"""Whose cookie a request carries, told from its signature alone: for who must not wait for more."""

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie


def session_of(app: Flask, cookies: str) -> str | None:
    """The session id in a Cookie header that this site has signed; None for a stranger.

    Whether that session still goes on is asked later; here it says whose share of the threads a
    request takes.
    """
    try:
        value = parse_cookie(cookies).get(app.config["SESSION_COOKIE_NAME"])
    except UnicodeError:
        # no cookie of this site's has such bytes
        return None
    interface = app.session_interface
    if value is None or not isinstance(interface, SecureCookieSessionInterface):
        return None
    serializer = interface.get_signing_serializer(app)
    if serializer is None:
        return None
    try:
        kept = serializer.loads(value, max_age=int(app.permanent_session_lifetime.total_seconds()))
    except (BadSignature, UnicodeError):
        return None
    sid = kept.get("sid") if isinstance(kept, dict) else None
    return sid if isinstance(sid, str) else None
