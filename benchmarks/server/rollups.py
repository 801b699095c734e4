"""Brings the rollups up to date, as the policies of either edition would."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

_NAMES = text("SELECT CAST(relation AS TEXT) AS name FROM timescale_engine.rollup ORDER BY id")
_KINDS = text(
    """
    SELECT
        CAST(r.relation AS TEXT) AS name,
        r.native AS native,
        r.bucket AS bucket,
        EXISTS (SELECT FROM timescale_engine.rollup AS c WHERE c.parent = r.id) AS is_read
    FROM timescale_engine.rollup AS r
    WHERE CAST(r.relation AS TEXT) = ANY (:names)
    ORDER BY r.id
    """
)
_REFRESH = text("CALL timescale_engine.refresh_rollup(:name)")
_LOOK_BACK = timedelta(days=3)


def rollup_names(engine: Engine) -> list[str]:
    """The rollups of a database, sources before what is built on them."""
    with engine.connect() as connection:
        return list(connection.execute(_NAMES).scalars())


def refresh_around(connection: Connection, names: list[str], at: datetime) -> None:
    """Refresh every rollup after a snapshot at `at` (naive IST); `connection` is in autocommit.

    The bucket that `at` falls in stays open on both editions: the Apache engine leaves it to the
    source, a policy of Community ends one bucket before it. A rollup that the engine maintains
    refreshes those it reads.
    """
    from db.timescale.fill import HAS_OPTIONS, native_refresh
    from db.timescale.statements import execute

    has_options = None
    for rollup in connection.execute(_KINDS, {"names": names}).all():
        if rollup.native:
            if has_options is None:
                has_options = bool(connection.execute(HAS_OPTIONS).scalar_one())
            window = _closed_buckets(at, rollup.bucket)
            execute(connection, native_refresh(rollup.name, *window, False, has_options))
        elif not rollup.is_read:
            connection.execute(_REFRESH, {"name": rollup.name})


def _closed_buckets(at: datetime, width: timedelta) -> tuple[datetime, datetime]:
    """What a policy looks at: some days back, up to the bucket that is open."""
    opened = datetime.min + (at - datetime.min) // width * width
    return opened - max(_LOOK_BACK, width), opened
