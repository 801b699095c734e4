"""Orders and fills in the database: an order is kept whole, with what it changes, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.desk.paper.book import Holding
from app.desk.paper.errors import KeyReusedError, RefusedError
from app.desk.paper.fills import Fill
from app.desk.paper.orders import Told
from db.ingest import paper as writes
from db.market.limits import PAPER_MOST_ORDERS
from db.notices import announce
from db.queries import paper as stored

TOPIC = "paper"
"""Under which a user's other pages hear that an order was filled."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it is stored, with its fills; `repeated`: its key had come before."""

    order: stored.PaperOrder
    fills: tuple[stored.PaperFill, ...]
    repeated: bool = False


def placed_before(connection: Connection, owner: str, key: str, asked: str) -> Placed | None:
    """The order of that key; raises KeyReusedError when another one came with it."""
    order = stored.order_by_key(connection, owner, key)
    if order is None:
        return None
    if order.asked != asked:
        raise KeyReusedError(key)
    return Placed(order, stored.fills(connection, [order.id]), repeated=True)


def demand_room(connection: Connection, owner: str) -> None:
    """Raise RefusedError when a user has dealt more in a day than anybody does by hand."""
    if stored.orders_of_a_day(connection, owner) >= PAPER_MOST_ORDERS:
        raise RefusedError(f"{PAPER_MOST_ORDERS} orders were filled within a day; try tomorrow.")


def keep(
    connection: Connection,
    owner: str,
    key: str,
    kind: str,
    asked: str,
    fills: Sequence[Fill],
    told: Told | None = None,
) -> Placed:
    """Store an order with its fills; the caller holds the owner's lock."""
    order_id = writes.add_order(connection, owner, key, kind, asked)
    return _kept_order(connection, owner, key, order_id, fills, told)


def keep_resting(
    connection: Connection, owner: str, key: str, asked: str, until: datetime
) -> Placed:
    """Store an order that waits until a moment of market time; the caller holds the lock."""
    order_id = writes.add_order(connection, owner, key, "order", asked, rests_until=until)
    return _kept_order(connection, owner, key, order_id, ())


def end_resting(
    connection: Connection, owner: str, order_id: int, status: str, fills: Sequence[Fill] = ()
) -> Placed:
    """Fill an order that waited, or end it unfilled; the caller holds the owner's lock.

    Raises RefusedError where it waits no more.
    """
    key = writes.end_resting(connection, owner, order_id, status)
    if key is None:
        raise RefusedError("That order rests no more.")
    return _kept_order(connection, owner, key, order_id, fills)


def _kept_order(
    connection: Connection,
    owner: str,
    key: str,
    order_id: int,
    fills: Sequence[Fill],
    told: Told | None = None,
) -> Placed:
    for fill in fills:
        _keep_fill(connection, owner, order_id, fill, told)
    announce(connection, TOPIC, owner, order=order_id)
    order = stored.order_by_key(connection, owner, key)
    if order is None:
        raise RuntimeError(f"the order {key} is not there after it was stored")
    return Placed(order, stored.fills(connection, [order_id]))


def _keep_fill(
    connection: Connection, owner: str, order_id: int, fill: Fill, told: Told | None
) -> None:
    contract = fill.contract
    if contract.lot_size is None:
        raise RefusedError(f"How many units a lot of {contract.symbol} has is not known.")
    before = stored.position(connection, owner, contract.symbol, contract.expiry)
    held = Holding()
    if before is not None:
        held = Holding(before.units, before.average_price, before.realised)
    after = held.after(fill.units, fill.price)
    position_id = writes.keep_position(
        connection, _kept(owner, fill, after, contract.lot_size, fill.at)
    )
    writes.add_fill(
        connection,
        order_id=order_id,
        position_id=position_id,
        owner=owner,
        timestamp=fill.at,
        units=fill.units,
        price=fill.price,
        realised=after.realised - held.realised,
        reason=fill.reason,
    )
    writes.note_metric(
        connection,
        timestamp=fill.at,
        exchange=contract.exchange,
        reason=fill.reason,
        signal=("BUY" if fill.units > 0 else "SELL") if told is None else told.signal,
        confidence=None if told is None else told.confidence,
        quantity_lots=abs(fill.units) // contract.lot_size,
        pnl=after.realised - held.realised,
    )


def _kept(
    owner: str, fill: Fill, after: Holding, lot_size: int, opened: datetime
) -> writes.KeptPosition:
    contract = fill.contract
    return writes.KeptPosition(
        owner=owner,
        symbol=contract.symbol,
        expiry=contract.expiry,
        exchange=contract.exchange,
        strike=contract.strike,
        option_type=contract.option_type,
        lot_size=lot_size,
        units=after.units,
        average_price=after.average_price,
        realised=after.realised,
        opened=opened,
    )
