"""A leg of an order dealt at the newest quote of its contract."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.desk.paper.errors import RefusedError
from app.desk.paper.fills import Fill, fill_at_quote
from app.desk.paper.orders import Leg
from app.desk.paper.quotes import Market, Quote
from db.market.exchanges import exchange_named
from db.queries.paper import listed_lot


def dealt(connection: Connection, market: Market, leg: Leg, now: datetime) -> Fill:
    """The fill of a leg; raises RefusedError, LimitError among them, and InvalidInputError."""
    quote = market.quote(leg.exchange, leg.symbol)
    lot = lot_of(connection, quote)
    quote = replace(quote, contract=replace(quote.contract, lot_size=lot))
    return fill_at_quote(quote, leg.side, leg.lots * lot, now, leg.limit)


def lot_of(connection: Connection, quote: Quote) -> int:
    """Units in a lot: as the exchange listed the contract, else by its underlying and expiry.

    Raises RefusedError where neither is known.
    """
    contract = quote.contract
    segment = exchange_named(contract.exchange).options_segment
    listed = listed_lot(connection, segment, contract.symbol, contract.expiry)
    found = listed or contract.lot_size
    if found is None:
        raise RefusedError(f"How many units a lot of {contract.symbol} has is not known.")
    return found
