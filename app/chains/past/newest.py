"""The newest chain without the live edge: the last stored snapshot, with the rest computed anew.

So it was done before there was a live edge. History does not hold all that is told of the newest
chain beside it: the future's symbol, the lot, when OI changed last.
"""

import time
from datetime import datetime, timedelta
from datetime import time as clock
from typing import TYPE_CHECKING

from app.chains.past.chain import day_baselines, past_chain
from app.chains.past.moments import Moment
from app.chains.state import Chain, ChainState
from db.market.calendar import LONGEST_CLOSURE
from db.market.clock import IST, market_now
from db.market.limits import FUTURE_TOLERANCE_S

if TYPE_CHECKING:
    from sqlalchemy import Connection


def newest_stored(connection: "Connection", exchange: str) -> ChainState:
    """The state of the newest snapshot of history, as old as its market time says."""
    read_at, now = time.monotonic(), market_now()
    moment = _newest_moment(connection, exchange, now)
    if moment is None:
        return ChainState(Chain(exchange, None, ()), read_at, None)
    chain = past_chain(connection, moment, day_baselines(connection, moment))
    return ChainState(chain, read_at, max(0.0, (now - moment.at).total_seconds()))


def _newest_moment(connection: "Connection", exchange: str, now: datetime) -> Moment | None:
    from db.queries.snapshots import instant_at, instants

    at = instant_at(connection, exchange, now + timedelta(seconds=FUTURE_TOLERANCE_S))
    if at is None:
        return None
    midnight = datetime.combine(at.date(), clock.min, IST)
    of_day = instants(connection, exchange, midnight, midnight + timedelta(days=1))
    previous = instant_at(connection, exchange, midnight - timedelta(microseconds=1))
    if previous is not None and at - previous > LONGEST_CLOSURE:
        previous = None
    return Moment(exchange, at, of_day, previous, at.date() < now.date())
