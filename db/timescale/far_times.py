"""Times beyond Python's calendar, as its first or last instant: ±infinity, BC, the year 10000.

A chunk of such a row ends there, and what only looks at chunks must not fail for it.
https://www.psycopg.org/psycopg3/docs/advanced/adapt.html#example-handling-infinity-date
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.abc import Buffer, Loader
from psycopg.pq import Format
from psycopg.types.datetime import TimestampLoader, TimestamptzLoader
from sqlalchemy import Connection


class _Timestamps(TimestampLoader):
    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return datetime.min if _is_before(data) else datetime.max


class _Timestamptzs(TimestamptzLoader):
    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            far = datetime.min if _is_before(data) else datetime.max
            return far.replace(tzinfo=UTC)


_LOADERS: dict[str, type[Loader]] = {"timestamp": _Timestamps, "timestamptz": _Timestamptzs}


def register(connection: psycopg.Connection[Any]) -> None:
    """Lets a connection read such times from here on; it reads times a little slower then."""
    for name, loader in _LOADERS.items():
        connection.adapters.register_loader(name, loader)


@contextmanager
def far_times(connection: Connection) -> Iterator[None]:
    """Lets a connection, which may be a pool's, read such times within the block."""
    driver: Any = connection.connection.dbapi_connection
    oids = [driver.adapters.types[name].oid for name in _LOADERS]
    before = {oid: driver.adapters.get_loader(oid, Format.TEXT) for oid in oids}
    register(driver)
    try:
        yield
    finally:
        for oid, loader in before.items():
            driver.adapters.register_loader(oid, loader)


def _is_before(data: Buffer) -> bool:
    text = bytes(data)
    return text.startswith(b"-") or text.endswith(b"BC")
