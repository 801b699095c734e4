"""The web process's way to the database: engines made on first use, failures in plain words."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from app.web.account import Account
from app.web.standstill import Standstill
from db.errors import DatabaseUnavailableError, OIError, ServerError
from db.loading import load
from db.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from db.replicas import Replicas


_LOG = logging.getLogger(__name__)
# so long the end waits for a connection that is being opened
_WARMING_S = 2.0


class Database:
    """Hands out connections; with explicit settings it has engines of its own.

    SQLAlchemy is loaded by the first request that reads, so that the login page needs none of it.
    `by_operator` says that this is no dashboard but a command of whoever owns the database.
    """

    def __init__(self, settings: Settings, *, explicit: bool, by_operator: bool = False) -> None:
        self._settings = settings
        self._explicit = explicit
        self._account = None if by_operator else Account(settings)
        self._own: Engine | None = None
        self._writer: Engine | None = None
        self._replicas: Replicas | None = None
        self._standstill = Standstill()
        self._lock = threading.RLock()
        self._warming: threading.Thread | None = None

    def url(self) -> "URL":
        """Where the database is; raises DatabaseUnavailableError when nobody knows."""
        load()
        from db.engine import database_url

        if self._explicit and self._settings.database_url is not None:
            return self._settings.database_url
        try:
            return database_url()
        except ServerError as error:
            raise DatabaseUnavailableError(str(error)) from error

    def direct_url(self) -> "URL":
        """The same without a pooler between, for announcements; by the dashboard's own account."""
        direct, own = self._settings.database_direct_url, self._settings.web_database_url
        if direct is None:
            return self.url()
        return direct.set(username=own.username, password=own.password) if own else direct

    def urls(self) -> "list[URL]":
        """Each server that this process asks; raises DatabaseUnavailableError."""
        return [self.url(), self.direct_url(), *self._settings.database_read_urls]

    @contextmanager
    def newest(self) -> "Iterator[Connection]":
        """A connection that sees the newest commit, all its reads in one snapshot."""
        with self._translated(), self._connected(self._engine()) as connection:
            found = connection.execution_options(isolation_level="REPEATABLE READ")
            self._admit(found)
            if (replicas := self._shared_reads()) is not None:
                replicas.saw(found)
            yield found

    @contextmanager
    def history(self) -> "Iterator[Connection]":
        """A connection for reads that a replica may answer: it has all that `newest` has shown."""
        with self._translated():
            replicas = self._shared_reads()
            with replicas.connected() if replicas else self._connected(self._engine()) as found:
                self._admit(found)
                # what was asked is over, and whoever reads may begin as they like
                found.rollback()
                yield found

    def identity(self) -> str:
        """Which database this is; raises DatabaseUnavailableError while it does not say."""
        from db.queries.identity import database_identity

        with self.history() as connection:
            return database_identity(connection)

    @contextmanager
    def writing(self) -> "Iterator[Connection]":
        """A transaction for what a person keeps here; it is committed at the end of the block."""
        with (
            self._translated(),
            self._connected(self._write_engine()) as connection,
            connection.begin(),
        ):
            self._admit(connection)
            yield connection

    def warm_up(self) -> None:
        """Begin to open the connections that are kept, once, in the background."""
        with self._lock:
            if self._warming is not None:
                return
            self._warming = threading.Thread(target=self._warm, name="oi-pool", daemon=True)
        self._warming.start()

    def _warm(self) -> None:
        load()
        from sqlalchemy.exc import SQLAlchemyError

        from db.engine import warm

        try:
            warm(self._engine())
            self._shared_reads()
        except (OIError, SQLAlchemyError) as error:
            # who asks for something is told
            _LOG.info("no connection is kept yet: %s", error)

    def close(self) -> None:
        """Close the pooled connections of engines of its own."""
        if self._warming is not None:
            self._warming.join(_WARMING_S)
        with self._lock:
            for engine in filter(None, (self._own, self._writer)):
                engine.dispose()
            if self._replicas is not None:
                self._replicas.close()
            self._own = self._writer = self._replicas = None

    def _admit(self, connection: "Connection") -> None:
        if self._account is not None:
            self._account.admit(connection)

    def _write_engine(self) -> "Engine":
        from db import engine

        if not self._explicit:
            try:
                return engine.write_engine()
            except ServerError as error:
                raise DatabaseUnavailableError(str(error)) from error
        with self._lock:
            if self._writer is None:
                self._writer = engine.engine_for(self.url(), settings=self._settings)
            return self._writer

    def _shared_reads(self) -> "Replicas | None":
        from db import replicas

        if not self._explicit:
            return replicas.replicas()
        with self._lock:
            if self._replicas is None:
                self._replicas = replicas.replicas_of(self._settings, self._engine)
            return self._replicas

    def _engine(self) -> "Engine":
        from db import engine

        try:
            if not self._explicit:
                return engine.newest_engine()
        except ServerError as error:
            raise DatabaseUnavailableError(str(error)) from error
        with self._lock:
            if self._own is None:
                self._own = engine.engine_for(self.url(), settings=self._settings, read_only=True)
            return self._own

    @contextmanager
    def _connected(self, engine: "Engine") -> "Iterator[Connection]":
        from db.engine import connected

        with ExitStack() as held:
            with self._standstill.asking():
                connection = held.enter_context(connected(engine))
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        load()
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        """Raise what stands behind a failed read: most often a schema that is not there."""
        from db.migrate import require_head

        with self._connected(self._engine()) as connection:
            require_head(connection)
        reason = str(error).partition("\n")[0]
        raise DatabaseUnavailableError(f"The database could not answer: {reason}") from error
