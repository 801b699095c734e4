"""Chains of one instant, asked of the chunk that holds it instead of the hypertable.

A statement on the hypertable has all chunks looked through, at each planning or in a kept plan of
all of them. On one chunk the plan is that of a plain table, and is kept. A connection remembers
which chunk holds which day. That is a hint and no more: such a statement asks for the rows of an
instant that the pointer table names, and whether the chunk is one of the table's still, so that it
finds all of them or none. Who finds none asks the table.
"""

from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db.driver import driver_of
from db.market.clock import to_naive_ist
from db.queries.statements import RowT, fetch_text, scalar, text_of
from db.timescale.sqltext import compose, literal, raw

_REMEMBERED = "oi_chunks"
_FILE = "chain"
_TABLE = "FROM option_chain_snapshots AS chain\nWHERE"
_CHUNK = """FROM {chunk} AS chain
WHERE EXISTS (
    SELECT
    FROM pg_inherits AS part
    WHERE part.inhrelid = {name}::regclass
      AND part.inhparent = 'option_chain_snapshots'::regclass
  )
  AND"""
# what is not there any more, is something else by now, or may not be read
_CANNOT_BE_ASKED = "42"


def learn_chunk(connection: Connection, exchange: str, at: datetime) -> None:
    """Have a connection know the chunk of a day by a snapshot taken exactly at `at` (aware).

    Only where a chunk may be gone without harm: in a transaction a failed statement ends it.
    """
    if not driver_of(connection).autocommit:
        return
    known, day = _known(connection), _day(at)
    if day not in known:
        known[day] = scalar(connection, _FILE, "chunk_at", {"exchange": exchange, "at": at})


def forget_chunk(connection: Connection, at: datetime) -> None:
    """Ask the table for the day of `at` (aware) as long as this connection is kept."""
    _known(connection)[_day(at)] = None


def fetch_of_chunk(
    connection: Connection, row: type[RowT], name: str, exchange: str, at: datetime
) -> tuple[RowT, ...]:
    """The rows of a statement in the chunk of the day of `at` (aware); none where none is known."""
    chunk = _known(connection).get(_day(at))
    if chunk is None or not driver_of(connection).autocommit:
        return ()
    text, binds = _on_chunk(name, chunk), {"exchange": exchange, "at": at}
    try:
        # parsing it takes longer than all the rest
        return fetch_text(connection, row, f"{_FILE}.{name}", text, binds, prepare=True)
    except DBAPIError as error:
        if not str(getattr(error.orig, "sqlstate", None)).startswith(_CANNOT_BE_ASKED):
            raise
        forget_chunk(connection, at)
        return ()


def _known(connection: Connection) -> dict[date, str | None]:
    """By day: its chunk as the server writes its name; None where the table is to be asked."""
    known: dict[date, str | None] = connection.info.setdefault(_REMEMBERED, {})
    return known


def _day(at: datetime) -> date:
    return to_naive_ist(at).date()


@lru_cache(maxsize=256)
def _on_chunk(name: str, chunk: str) -> str:
    named = compose(_CHUNK, chunk=raw(chunk), name=literal(chunk))
    return text_of(_FILE, name).replace(_TABLE, named)
