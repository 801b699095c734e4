"""Days long past, which go into the archive and come back while all else goes on."""

from datetime import datetime, time, timedelta
from typing import Any

import psycopg
from sqlalchemy import URL

from benchmarks.dataset.load import load
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.server.databases import session
from db.market.clock import market_now

TABLE = "option_chain_snapshots"
_AGE = timedelta(days=45)
# what an instant, a contract and its figures are, and how often they are there on either side
_HELD = """
    WITH held AS (
        SELECT exchange, timestamp, strike, option_type, oi
        FROM option_chain_snapshots
        WHERE timestamp < %(end)s
        UNION ALL
        SELECT exchange, timestamp, strike, option_type, oi
        FROM archive.option_chain_snapshots
        WHERE timestamp < %(end)s
    )
    SELECT
        count(*),
        count(DISTINCT (exchange, timestamp, strike, option_type)),
        sum(hashtextextended(held::text, 0))
    FROM held
"""


def window() -> tuple[datetime, datetime]:
    """From the first instant of what is loaded to before the first one after it (naive)."""
    days = _spec().trading_days
    return datetime.combine(days[0], time()), datetime.combine(days[-1], time()) + timedelta(1)


def load_past(url: URL) -> None:
    """Load them into a database at the baseline revision."""
    with session(url) as loading:
        load(loading, _spec())


def held(link: "psycopg.Connection[Any]") -> tuple[int, int, int]:
    """How many rows there are of these days, of how many contracts and instants, and their sum."""
    found = link.execute(_HELD, {"end": window()[1]}).fetchone()
    return found or (0, 0, 0)


def _spec() -> DatasetSpec:
    return DatasetSpec(days=2, strikes=5, end=market_now().date() - _AGE)
