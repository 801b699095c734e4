"""The column type of market time: naive IST in the database, aware datetimes in Python."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Dialect
from sqlalchemy.types import TypeDecorator

from db.market.clock import IST, to_naive_ist


class MarketTime(TypeDecorator[datetime]):
    """A TIMESTAMP WITHOUT TIME ZONE column that holds IST and speaks aware datetimes.

    Binding a naive datetime raises ValueError: whose clock it shows would be a guess.
    """

    impl = TIMESTAMP(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else to_naive_ist(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=IST)
