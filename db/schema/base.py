"""The one MetaData, its naming convention, and the columns that tables share."""

from typing import Any

from sqlalchemy import DOUBLE_PRECISION, TIMESTAMP, Column, Integer, MetaData, Sequence, text

from db.revision_files import sql_file
from db.schema.market_time import MarketTime
from db.timescale.specs import SqlFiles, declare

# PostgreSQL's own names, so that what the legacy installer made matches without renaming
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

# market_now(), the clock that SQL compares market time with
declare(metadata, SqlFiles(name="market_time", files=(sql_file("0002_market_time"),)))


def market_time(name: str = "timestamp") -> Column[Any]:
    """A required instant of market time."""
    return Column(name, MarketTime, nullable=False)


def double(name: str) -> Column[Any]:
    """A double that may be unknown."""
    return Column(name, DOUBLE_PRECISION)


def doubles(*names: str) -> list[Column[Any]]:
    """Doubles that may be unknown."""
    return [double(name) for name in names]


def stamped(name: str = "created_at") -> Column[Any]:
    """A legacy bookkeeping time: naive, set by the server."""
    return Column(name, TIMESTAMP, server_default=text("now()"))


def numbered(table: str) -> Column[Any]:
    """The legacy `id SERIAL` of a hypertable: filled from its sequence, but no longer a key."""
    sequence = Sequence(f"{table}_id_seq", data_type=Integer, metadata=metadata)
    return Column("id", Integer, server_default=sequence.next_value(), nullable=False)
