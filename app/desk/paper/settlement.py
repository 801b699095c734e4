"""What an option pays at its expiry: by the index's closing value of that day, as it is stored."""

from datetime import datetime, time, timedelta

from sqlalchemy import Connection

from app.desk.paper.fills import Fill
from app.desk.paper.quotes import Contract
from db.market.calendar import Instrument, expiry_instant, session, usual_session
from db.market.clock import IST
from db.market.limits import STALE_AFTER_S
from db.queries.paper import PaperPosition, last_index

_CLOSE_TOLERANCE = timedelta(seconds=STALE_AFTER_S)


def has_expired(position: PaperPosition, moment: datetime) -> bool:
    """Whether the contract is dead at a moment of market time."""
    return moment >= expiry_instant(position.expiry)


def intrinsic(option_type: str, strike: float, level: float) -> float:
    """INR that exercising one unit pays at a level of the index."""
    return max(level - strike if option_type == "CE" else strike - level, 0.0)


def settlement(connection: Connection, position: PaperPosition, moment: datetime) -> Fill | None:
    """The fill that ends an expired position; None while the index's close is not known.

    Options on an index are settled at its closing value on the day of expiry
    (https://nseindia.com/products/content/derivatives/equities/settlement_price.htm). Where what
    is stored of that day ends before the close, the last of it counts from the next day on.
    """
    day = position.expiry
    until = expiry_instant(day)
    midnight = datetime.combine(day, time(), IST)
    level = last_index(connection, position.exchange, midnight, until)
    if level is None:
        return None
    is_close = level.timestamp >= _index_prints(position) - _CLOSE_TOLERANCE
    if not is_close and moment.astimezone(IST).date() <= day:
        return None
    return Fill(
        contract=contract_of(position),
        units=-position.units,
        price=intrinsic(position.option_type, position.strike, level.price),
        at=until,
        reason=(
            f"expired: settled by the index at {level.price:.2f} of {level.timestamp:%H:%M:%S}"
            + ("" if is_close else ", the last that is stored of the day")
        ),
    )


def contract_of(position: PaperPosition) -> Contract:
    """The contract that is held."""
    return Contract(
        exchange=position.exchange,
        symbol=position.symbol,
        expiry=position.expiry,
        strike=position.strike,
        option_type=position.option_type,
        lot_size=position.lot_size,
    )


def _index_prints(position: PaperPosition) -> datetime:
    day = position.expiry
    found = session(day, Instrument.INDEX) or usual_session(day, Instrument.INDEX)
    return min(found.prints, expiry_instant(day))
