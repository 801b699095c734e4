"""The web application, put together; nothing is connected or read before a request needs it."""

from flask import Flask

from app.web import assets, packing, problems, security
from app.web.auth import routes as auth
from app.web.auth.session_key import session_key
from app.web.routes import chain, live, pages, series
from app.web.services import Services
from db.settings import Settings
from db.settings import settings as environment_settings

_SESSION_HOURS = 12


def build(settings: Settings | None = None) -> Flask:
    """A Flask application; raises SettingsError when the environment makes no sense."""
    chosen = settings or environment_settings()
    app = Flask("app", template_folder="web/templates", static_folder=None)
    app.config.update(
        SECRET_KEY=session_key(chosen),
        SESSION_COOKIE_NAME="oi_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=_SESSION_HOURS * 3600,
        # a new cookie with each answer would make every cached asset a different one
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.session_interface = security.SessionCookie()
    app.extensions["oi"] = Services.of(chosen, explicit=settings is not None)
    problems.install(app)
    security.install(app)
    packing.install(app)
    auth.install(app)
    for part in (assets, auth, pages, chain, series, live):
        app.register_blueprint(part.blueprint)
    return app
