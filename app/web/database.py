"""The web process's way to the database: engines made on first use, failures in plain words."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from db.errors import DatabaseUnavailableError, ServerError
from db.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine


class Database:
    """Hands out connections; with explicit settings it has engines of its own.

    SQLAlchemy is loaded by the first request that reads, so that the login page needs none of it.
    """

    def __init__(self, settings: Settings, *, explicit: bool) -> None:
        self._settings = settings
        self._explicit = explicit
        self._own: dict[bool, Engine] = {}
        self._lock = threading.Lock()

    def url(self) -> "URL":
        """Where the database is; raises DatabaseUnavailableError when nobody knows."""
        from db.engine import database_url

        if self._explicit and self._settings.database_url is not None:
            return self._settings.database_url
        try:
            return database_url()
        except ServerError as error:
            raise DatabaseUnavailableError(str(error)) from error

    @contextmanager
    def newest(self) -> "Iterator[Connection]":
        """A connection that sees the newest commit, all its reads in one snapshot."""
        with self._translated(), self._connected(self._engine(newest=True)) as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def history(self) -> "Iterator[Connection]":
        """A connection for reads that a replica may answer."""
        with self._translated(), self._connected(self._engine(newest=False)) as connection:
            yield connection

    @contextmanager
    def writing(self) -> "Iterator[Connection]":
        """A connection in a transaction that is committed on leaving without an error."""
        with self._translated(), self._connected(self._writer()) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close the pooled connections of engines of its own."""
        with self._lock:
            for engine in self._own.values():
                engine.dispose()
            self._own.clear()

    def _engine(self, *, newest: bool) -> "Engine":
        from db import engine

        if self._explicit:
            return self._own_engine(read_only=True)
        return self._of_the_process(engine.newest_engine if newest else engine.read_engine)

    def _writer(self) -> "Engine":
        from db import engine

        if self._explicit:
            return self._own_engine(read_only=False)
        return self._of_the_process(engine.write_engine)

    @staticmethod
    def _of_the_process(engine: "Callable[[], Engine]") -> "Engine":
        try:
            return engine()
        except ServerError as error:
            raise DatabaseUnavailableError(str(error)) from error

    def _own_engine(self, *, read_only: bool) -> "Engine":
        from db.engine import engine_for

        with self._lock:
            if read_only not in self._own:
                self._own[read_only] = engine_for(
                    self.url(), settings=self._settings, read_only=read_only
                )
            return self._own[read_only]

    @staticmethod
    @contextmanager
    def _connected(engine: "Engine") -> "Iterator[Connection]":
        from db.engine import connected

        with connected(engine) as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        """Raise what stands behind a failed read: most often a schema that is not there."""
        from db.migrate import require_head

        with self._connected(self._engine(newest=True)) as connection:
            require_head(connection)
        reason = str(error).partition("\n")[0]
        raise DatabaseUnavailableError(f"The database could not answer: {reason}") from error
