"""Brings the rollups up to date, as the policies of either edition would."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

_NAMES = text("SELECT CAST(relation AS TEXT) AS name FROM timescale_engine.rollup ORDER BY id")
_AROUND = timedelta(minutes=5)


def rollup_names(engine: Engine) -> list[str]:
    """The rollups of a database, sources before what is built on them."""
    with engine.connect() as connection:
        return list(connection.execute(_NAMES).scalars())


def refresh_around(connection: Connection, names: list[str], at: datetime) -> None:
    """Refresh every rollup for a snapshot at `at` (naive IST); `connection` is in autocommit.

    The Apache engine knows what is dirty; a continuous aggregate is told a window of buckets.
    """
    from db.timescale.fill import fill, is_native, refresh_native

    for name in names:
        if is_native(connection, name):
            width = timedelta(days=1) if name.endswith("_1d") else _AROUND
            refresh_native(connection, name, *_buckets(at, width), False)
        else:
            fill(connection, name)


def _buckets(at: datetime, width: timedelta) -> tuple[datetime, datetime]:
    start = datetime.min + (at - datetime.min) // width * width
    return start, start + width
