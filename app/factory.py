"""The web application, put together; nothing is connected or read before a request needs it."""

from flask import Flask

from app import api, assets, auth, compression, pages, problems, security, viewing
from app.services import Services
from app.session_key import session_key
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
    compression.install(app)
    auth.install(app)
    for blueprint in (assets.blueprint, auth.blueprint, pages.blueprint, api.blueprint):
        app.register_blueprint(blueprint)
    app.register_blueprint(viewing.blueprint)
    return app
