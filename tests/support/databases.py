"""A TimescaleDB server the tests run on, and the throw-away databases in it."""

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from psycopg import sql
from sqlalchemy import URL

from db.migrate import upgrade
from db.roles.logins import make_roles
from db.urls import conninfo

Edition = Literal["apache", "community"]

_EDITION_OF_LICENSE: dict[str, Edition] = {"apache": "apache", "timescale": "community"}


@dataclass
class DatabaseServer:
    """One server, reached as superuser; databases are cloned from templates made on first use."""

    name: str
    admin_url: URL
    edition: Edition = "apache"
    timescaledb_version: str = ""
    postgres_version: str = ""
    _prefix: str = field(default_factory=lambda: f"oi_test_{os.getpid()}_{secrets.token_hex(3)}")
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _templates: dict[str, str] = field(default_factory=dict)
    _settings: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _roles: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"TimescaleDB {self.timescaledb_version} {self.edition} "
            f"on PostgreSQL {self.postgres_version} ({self.name})"
        )

    def url(self, database: str) -> URL:
        """The superuser's SQLAlchemy URL of one database of this server."""
        return self.admin_url.set(database=database)

    def role(self, name: str) -> tuple[str, str]:
        """Name and password of a role of this session that may log in and nothing else."""
        role = f"{self._prefix}_{name}"
        if role not in self._roles:
            self._roles[role] = secrets.token_urlsafe(12)
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            with connection(self.admin_url) as session:
                session.execute(
                    statement.format(sql.Identifier(role), sql.Literal(self._roles[role]))
                )
        return role, self._roles[role]

    def url_of(self, name: str, database: URL) -> URL:
        """The URL of a database for such a role."""
        role, password = self.role(name)
        return database.set(username=role, password=password)

    def as_member(self, group: str, database: URL) -> URL:
        """The URL of a database for an account that has the rights of one of our roles alone."""
        name, _ = self.role(group)
        with connection(self.admin_url) as session:
            session.execute(
                sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name))
            )
        return self.url_of(group, database)

    def prepare(self) -> None:
        """Make the template that holds the extension and learn versions and edition from it."""
        template = f"{self._prefix}_extension"
        self._create(template)
        with connection(self.url(template)) as session:
            session.execute("CREATE EXTENSION timescaledb")
            license_, self.timescaledb_version, self.postgres_version = session.execute(
                """
                SELECT current_setting('timescaledb.license'),
                       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
                       split_part(current_setting('server_version'), ' ', 1)
                """
            ).fetchone() or ("", "", "")
            # as on a server where any database was migrated before
            make_roles(session)
        self.edition = _EDITION_OF_LICENSE[license_]
        self._close_to_connections("extension", template)

    @contextlib.contextmanager
    def database(self, kind: Literal["plain", "extension", "migrated"]) -> Iterator[URL]:
        """A fresh database of that kind, dropped on leaving."""
        template = "template0" if kind == "plain" else self._template(kind)
        name = f"{self._prefix}_{next(self._numbers)}"
        self._create(name, template)
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    @contextlib.contextmanager
    def owned_database(self, kind: Literal["plain", "extension"]) -> Iterator[URL]:
        """A fresh database for its owner, who is no superuser and not the extension's owner."""
        with self.database(kind) as url:
            with connection(url) as session:
                role = sql.Identifier(self.role("owner")[0])
                name = sql.Identifier(url.database or "")
                session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, role))
            yield self.url_of("owner", url)

    def close(self) -> None:
        """Drop the templates and the roles."""
        for template in self._templates.values():
            self._drop(template)
        self._templates.clear()
        with connection(self.admin_url) as session:
            for role in self._roles:
                session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        self._roles.clear()

    def _template(self, kind: str) -> str:
        if kind not in self._templates:
            template = f"{self._prefix}_{kind}"
            self._create(template, self._template("extension"))
            try:
                upgrade(self.url(template))
            except BaseException:
                self._drop(template)
                raise
            self._close_to_connections(kind, template)
        return self._templates[kind]

    def _close_to_connections(self, kind: str, template: str) -> None:
        # a template with a connection cannot be cloned, and TimescaleDB's launcher keeps one
        # in every database that allows it
        with connection(self.url(template)) as session:
            session.execute("SELECT _timescaledb_functions.stop_background_workers()")
        with connection(self.admin_url) as session:
            session.execute(
                sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(
                    sql.Identifier(template)
                )
            )
            session.execute(
                """
                SELECT pg_terminate_backend(pid, 5000)
                FROM pg_stat_activity
                WHERE datname = %s
                """,
                [template],
            )
            self._settings[template] = _settings_of(session, template)
        self._templates[kind] = template

    def _create(self, name: str, template: str = "template0") -> None:
        # the other strategy, WAL_LOG, takes ten times as long
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with connection(self.admin_url) as session:
            session.execute(statement)
            # ALTER DATABASE … SET is no part of a template
            for setting, value in self._settings.get(template, ()):
                session.execute(
                    sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
                        sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
                    )
                )

    def _drop(self, name: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with connection(self.admin_url) as session:
            session.execute(statement)


def _settings_of(session: psycopg.Connection, database: str) -> list[tuple[str, str]]:
    rows = session.execute(
        """
        SELECT split_part(setting, '=', 1) AS name,
               substr(setting, strpos(setting, '=') + 1) AS value
        FROM pg_db_role_setting AS stored
        JOIN pg_database AS named ON named.oid = stored.setdatabase
        CROSS JOIN unnest(stored.setconfig) AS setting
        WHERE named.datname = %s
          AND stored.setrole = 0
        """,
        [database],
    )
    return rows.fetchall()


def connection(url: URL) -> psycopg.Connection:
    """A psycopg connection in autocommit mode, for use in a with block."""
    return psycopg.connect(conninfo(url), autocommit=True, connect_timeout=10)
