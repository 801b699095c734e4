"""OI Gemini's app half: feeds, collector and the web process."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from db.settings import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web application; `settings` default to those of the environment."""
    # Flask is loaded by a process that serves, not by one that collects or replays
    from app.web.factory import build

    return build(settings)
