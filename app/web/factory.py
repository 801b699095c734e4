"""The web application, put together; nothing is connected or read before a request needs it."""

from pathlib import Path

from flask import Flask

from app.web import assets, packing, problems, security
from app.web.auth import kite, second_factor
from app.web.auth import routes as auth
from app.web.auth.session_key import session_key
from app.web.auth.store import store
from app.web.hosts import HostGate
from app.web.measuring import Measured
from app.web.proxies import TrustedProxies
from app.web.routes import (
    alerts,
    broker,
    chain,
    compared,
    description,
    live,
    monitoring,
    pages,
    paper,
    past,
    series,
    signals,
)
from app.web.services import Services
from db.settings import Settings
from db.settings import settings as environment_settings


def build(settings: Settings | None = None, kept: Path | None = None) -> Flask:
    """A Flask application; raises SettingsError when the environment makes no sense.

    `kept` is the folder of what sign-ins keep; workers of one server are given one for all.
    """
    chosen = settings or environment_settings()
    folder = kept or store(chosen)
    app = Flask("app", template_folder="web/templates", static_folder=None)
    app.config.update(
        SECRET_KEY=session_key(chosen, folder),
        # a browser keeps cookies by host, not by port: two servers must not sign each other out
        SESSION_COOKIE_NAME=f"oi_session_{chosen.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=chosen.session_lifetime_s,
        # a new cookie with each answer would make every cached asset a different one
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.session_interface = security.SessionCookie()
    shared = Services.of(chosen, explicit=settings is not None, store=folder)
    app.extensions["oi"] = shared
    problems.install(app)
    security.install(app)
    packing.install(app)
    auth.install(app)
    market = (chain, compared, past, series, alerts, paper, signals, live, description)
    for part in (assets, auth, kite, second_factor, pages, broker, monitoring, *market):
        app.register_blueprint(part.blueprint)
    if "background-start" in chosen.without:
        shared.start_at_once()
    # within the others, which hand on a copy of what they were asked
    measured = app.extensions["oi.measured"] = Measured(app.wsgi_app, shared.telemetry)
    guarded = TrustedProxies(HostGate(measured, chosen), chosen.trusted_proxies)
    app.wsgi_app = guarded  # type: ignore[method-assign,assignment]  # as Flask documents it
    return app
