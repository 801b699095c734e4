"""The engine that a database holds: the layout of its tables and the hash of its scripts."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from db.timescale.errors import TimescaleError

_INSTALLED = text("SELECT to_regclass('timescale_engine.version') IS NOT NULL AS installed")
_VERSION = text("SELECT max(v.version) AS version FROM timescale_engine.version AS v")
# as jsonb, because the first layouts had no such column
_SCRIPTS = text(
    """
    SELECT to_jsonb(v) ->> 'scripts' AS scripts
    FROM timescale_engine.version AS v
    ORDER BY v.version DESC
    LIMIT 1
    """
)
_FAULTS = text(
    """
    SELECT timescale_engine.full_name(s.relation) AS source,
           timescale_engine.watch_fault(s) AS fault
    FROM timescale_engine.source AS s
    WHERE timescale_engine.watch_fault(s) IS NOT NULL
    ORDER BY s.id
    """
)
# an engine of before its scripts were hashed
UNKNOWN = "unknown"


def engine_version(connection: Connection) -> int | None:
    """The layout of the engine's tables, None where it is not installed."""
    if not connection.execute(_INSTALLED).scalar_one():
        return None
    version: int | None = connection.execute(_VERSION).scalar_one()
    return version


def require_engine(connection: Connection) -> None:
    """Raises TimescaleError where there is none."""
    if engine_version(connection) is None:
        raise TimescaleError("The database holds no rollup engine: run alembic upgrade head first.")


def installed_scripts(connection: Connection) -> str | None:
    """The hash of the scripts that made the engine; None where it is not installed."""
    if not connection.execute(_INSTALLED).scalar_one():
        return None
    scripts: str | None = connection.execute(_SCRIPTS).scalar()
    return scripts or UNKNOWN


def watch_faults(connection: Connection) -> Mapping[str, str]:
    """Quoted name of a source → what keeps its rollups from following it."""
    return {row.source: row.fault for row in connection.execute(_FAULTS) if row.source}
