"""The contracts of a day into `instruments`: a row for each stretch of days with the same facts."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, text

from db.driver import driver_cursor
from db.timescale.sqltext import named_statements


class ListedContract(NamedTuple):
    """A contract as the exchange listed it on a day; prices in INR, `lot_size` in units."""

    exchange: str
    symbol: str
    token: int
    underlying: str
    kind: str
    expiry: date | None
    strike: float
    lot_size: int
    tick_size: float


def store_instruments(
    connection: Connection, day: date, contracts: Iterable[ListedContract]
) -> None:
    """Keep a day's contracts; a day may be stored again, a symbol given twice counts once."""
    connection.execute(text(_sql("open_stage")))
    seen: set[tuple[str, str]] = set()
    with driver_cursor(connection) as cursor, cursor.copy(_sql("fill_stage")) as copy:
        for each in contracts:
            if (each.exchange, each.symbol) in seen:
                continue
            seen.add((each.exchange, each.symbol))
            copy.write_row((each.exchange, each.symbol, day, day, *each[2:]))
    connection.execute(text(_sql("prolong")))
    connection.execute(text(_sql("add")))


def _sql(name: str) -> str:
    return named_statements("db.ingest", "instruments.sql")[name]
