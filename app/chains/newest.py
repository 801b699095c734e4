"""Reads the newest chain of an exchange: from the live edge, or without it from history."""

import time
from typing import TYPE_CHECKING

from app.chains.past.newest import newest_stored
from app.chains.state import SLEW_S, Chain, ChainState
from db.market.exchanges import exchange_named

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_state(connection: "Connection", exchange: str) -> ChainState:
    """The newest chain of one exchange key from the database.

    Raises InvalidInputError for an unknown exchange and ChainFaultError for rows of which no page
    can be made.
    """
    from db.queries.chain import latest_chain
    from db.queries.signals import latest_signal
    from db.queries.statements import is_left_out
    from db.queries.summary import summary

    exchange_named(exchange)
    if is_left_out(connection, "live-edge"):
        return newest_stored(connection, exchange)
    # from before the question on the age is counted by our own clock: rather too old than too young
    read_at = time.monotonic()
    head = summary(connection, exchange)
    signal = latest_signal(connection, exchange)
    chain = Chain(exchange, head, latest_chain(connection, exchange), signal)
    chain.demand_sound()
    if head is None:
        return ChainState(chain, read_at, None)
    # what is told of both ends of an age tells what the clock said
    now_s = None if head.age_s is None else head.updated_at.timestamp() + head.age_s - read_at
    return ChainState(chain, read_at, _plausible(head.age_s), clock_ahead_s=now_s)


def _plausible(age_s: float | None) -> float | None:
    """An age that can be one: after a step of the clock backwards it is negative, so unknown."""
    return None if age_s is None or age_s < -SLEW_S else max(0.0, age_s)
