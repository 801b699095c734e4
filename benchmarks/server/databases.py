"""The suite's own databases on the server under test, made for a run and dropped after it."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import psycopg
from psycopg import sql
from sqlalchemy import URL

from benchmarks.server import leftovers
from db import links
from db.errors import DatabaseUnavailableError
from db.urls import database_url

if TYPE_CHECKING:
    from db.server.cluster import LocalServer

Session = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class BenchmarkServer:
    """A server the suite may make databases on; `given_url` is a superuser's.

    `local` is the server that the suite started itself, which it may restart.
    """

    given_url: URL
    local: "LocalServer | None" = None

    @property
    def admin_url(self) -> URL:
        """A superuser's URL; while it was stopped, others may have taken a local server's port."""
        return self.given_url.set(port=self.local.url().port) if self.local else self.given_url

    def url(self, database: str) -> URL:
        """The SQLAlchemy URL of one database of this server."""
        return self.admin_url.set(database=database)

    @contextlib.contextmanager
    def database(
        self, label: str, *, template: str | None = None, extension: bool = True
    ) -> Iterator[URL]:
        """A fresh database, or a copy of `template`, dropped on leaving.

        What killed runs left behind on the server goes before.
        """
        name = f"oi_bench_{label}_{secrets.token_hex(3)}"
        with session(self.admin_url) as admin:
            for left in leftovers.drop_left(admin):
                click.echo(f"Dropped {left}, which a run that was killed left behind.", err=True)
            leftovers.hold(admin, name)
            try:
                # within: who is interrupted while it is made leaves nothing behind
                if template:
                    self._copy(template, name)
                else:
                    self._create(name, "template0")
                if extension and not template:
                    with session(self.url(name)) as made:
                        made.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
                yield self.url(name)
            finally:
                self._drop(name)

    def _drop(self, name: str) -> None:
        # a session of its own: the server may have been started anew meanwhile
        with session(self.admin_url) as admin:
            leftovers.drop(admin, name)

    def _create(self, name: str, template: str) -> None:
        with session(self.admin_url) as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
            leftovers.mark(admin, name)

    def _copy(self, template: str, name: str) -> None:
        """Copy a database; nobody may be in it, and TimescaleDB's workers come back if they can."""
        with session(self.url(template)) as inside:
            if inside.execute(
                "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'"
            ).fetchone():
                inside.execute("SELECT _timescaledb_functions.stop_background_workers()")
        self._allow_connections(template, False)
        try:
            self._create(name, template)
        finally:
            self._allow_connections(template, True)

    def _allow_connections(self, name: str, allowed: bool) -> None:
        with session(self.admin_url) as admin:
            admin.execute(
                sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format(
                    sql.Identifier(name), sql.Literal(allowed)
                )
            )
            if not allowed:
                admin.execute(
                    """
                    SELECT pg_terminate_backend(pid, 5000)
                    FROM pg_stat_activity
                    WHERE datname = %s
                    """,
                    [name],
                )


def server_at(url: str | None) -> BenchmarkServer:
    """The server to measure: the URL given, else OI_DATABASE_URL, else the local server.

    Raises SettingsError for what is no URL, ServerError where no local server can be had.
    """
    if url is None:
        return _default_server()
    return BenchmarkServer(database_url(url, "--url"))


def conninfo(url: URL) -> str:
    """A URL as libpq takes it, with its password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def session(url: URL, *, options: str = "") -> Session:
    """A psycopg connection in autocommit mode; raises DatabaseUnavailableError.

    `options` are the server's command-line options for it, such as `-c work_mem=64MB`.
    """
    try:
        return links.connect(url, application_name="oi-benchmarks", options=options)
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0]
        raise DatabaseUnavailableError(
            f"No database answers at {url.host}:{url.port or 5432} ({reason})."
        ) from error


def _default_server() -> BenchmarkServer:
    from db.server import local_server
    from db.settings import settings

    configured = settings().database_url
    if configured is not None:
        return BenchmarkServer(configured)
    # started where it is not running; it stays up, as after `python -m db server start`
    local = local_server(make_home=True)
    url = local.start(progress=lambda line: click.echo(line, err=True))
    return BenchmarkServer(url, local)
