"""Everything that would stop a way down half-way, in one message before its first change."""

from collections.abc import Iterator

from sqlalchemy import URL, MetaData

from db.ahead.survey import HostileDatabaseError, Obstacle, names_made, sentences, tables_of
from db.convert import obstacles
from db.convert.session import Connection, connect, one, require_direct


def require_way_back(url: URL, legacy: MetaData, wanted: MetaData) -> None:
    """Raises HostileDatabaseError, which names what keeps tables from being what they were.

    What their owner has built since on what the migrations made, or on the tables themselves.
    """
    with connect(url, application_name="oi-gemini-ahead") as connection:
        require_direct(connection)
        found = [str(obstacle) for obstacle in _obstacles(connection, legacy, wanted)]
    if found:
        raise HostileDatabaseError(found, way="brought back")


def _obstacles(connection: Connection, legacy: MetaData, wanted: MetaData) -> Iterator[Obstacle]:
    for line in sentences(connection, "hanging", names=sorted(names_made(legacy, wanted))):
        yield Obstacle(None, line)
    ours = _aggregates(connection)
    for table in tables_of(connection, legacy, wanted):
        if table.is_hypertable:
            for line in obstacles.obstacles(connection, table, removed_first=ours):
                yield Obstacle(table.name, line)


def _aggregates(connection: Connection) -> list[str]:
    """The rollups that the migrations made and remove again."""
    there = one(connection, "SELECT to_regclass('timescale_engine.rollup') AS engine")["engine"]
    return sentences(connection, "aggregates") if there else []
