"""Runs the project's migrations in this process."""

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from tests.support.paths import ROOT


def migration_config(url: URL) -> Config:
    """The project's Alembic configuration, aimed at one database."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def upgrade_to_head(url: URL) -> None:
    """Migrate one database to the newest revision."""
    command.upgrade(migration_config(url), "head")
