"""Who writes chains: this program, and the one before it."""

from datetime import datetime

from sqlalchemy import Engine

from db.ingest import write_snapshot
from db.market.ticks import EnrichedSnapshot
from tests.support.databases import connection
from tests.support.legacy import SAVE


def write(engine: Engine, *snapshots: EnrichedSnapshot) -> None:
    """Each in a transaction of its own."""
    for each in snapshots:
        with engine.begin() as session:
            write_snapshot(session, each)


def save(engine: Engine, moment: datetime, oi: int, pct_change_3m: float | None = None) -> None:
    """What the legacy program writes of one contract."""
    statement = SAVE.replace("600000, NULL", "600000, %(pct_change_3m)s")
    with connection(engine.url) as session:
        session.execute(
            statement,
            {
                "timestamp": moment.replace(tzinfo=None),
                "exchange": "NSE",
                "strike": 26_000.0,
                "option_type": "CE",
                "symbol": "N",
                "oi": oi,
                "ltp": 10.0,
                "token": 1,
                "underlying_price": 26_010.0,
                "volume": 5,
                "pct_change_3m": pct_change_3m,
            },
        )
