"""Blocks of the simulated market for tests, of one seed."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from app.feeds.simulate.chain import ChainBlock, chain_block
from app.feeds.simulate.contracts import expiry_at
from app.feeds.simulate.paths import session_seconds
from db.market.exchanges import EXCHANGES

SEED = 11
KEYS = tuple(EXCHANGES)
WEDNESDAY = date(2026, 8, 5)
MONDAY = date(2026, 11, 23)
AT_1308 = 13 * 3600 + 8 * 60


def market_day(back: int = 0) -> date:
    """The day with a session `back` such days before the last Monday of November 2026."""
    day = MONDAY
    while back:
        day -= timedelta(days=1)
        back -= session_seconds(day) is not None
    return day


def block(
    key: str, day: date = WEDNESDAY, second: ArrayLike = AT_1308, strikes: int | None = None
) -> ChainBlock:
    """The chain that is watched in the session of a day."""
    expiry = expiry_at(EXCHANGES[key], day, 0)
    return chain_block(SEED, key, expiry, day, np.atleast_1d(second), strikes)


def minutes(first: str, last: str) -> np.ndarray:
    """Seconds after midnight of each minute between two times, the last not included."""
    ends = [int(text[:2]) * 3600 + int(text[3:]) * 60 for text in (first, last)]
    return np.arange(*ends, 60)


def near(chain: ChainBlock, strikes: float) -> np.ndarray:
    """Contracts at most so many strikes from the index."""
    step = chain.contracts.exchange.strike_step
    return np.abs(chain.contracts.strike - chain.underlying[0]) <= strikes * step
