"""How much the server's disk has left, where that is this machine's."""

import os
from collections.abc import Iterable
from pathlib import Path

from db.convert.facts import TableFacts
from db.convert.session import Connection, catalog
from db.sizes import size_text

# a role that may not know the directory finds no row
_PLACE = """
    SELECT s.setting AS data
    FROM pg_settings s
    WHERE s.name = 'data_directory'
      AND inet_server_addr() IS NOT DISTINCT FROM inet_client_addr()
"""


def free_bytes(connection: Connection) -> int | None:
    """What is free where the server keeps its data; None where that is not known from here."""
    row = connection.execute(_PLACE.encode()).fetchone()
    if row is None:
        return None
    try:
        found = os.statvfs(Path(row["data"]))
    except OSError:
        return None  # another machine's, seen through a tunnel, or not to be looked for
    return found.f_bavail * found.f_frsize


def needed_bytes(connection: Connection, tables: Iterable[TableFacts]) -> int:
    """What new tables take beside these until they are dropped, at most."""
    sizes = [catalog(connection, "sizes", oid=table.oid)[0] for table in tables]
    return sum(size["table_bytes"] + size["index_bytes"] for size in sizes)


def shortage(needed: int, free: int | None) -> str | None:
    """A sentence where a disk has less left than is needed."""
    if free is None or needed <= free:
        return None
    return (
        f"About {size_text(needed)} are needed beside what is there until it is dropped, and "
        f"{size_text(free)} are free where the server keeps its data; free some first."
    )
