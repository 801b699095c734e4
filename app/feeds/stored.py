"""A day of the database as a recording."""

from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import Engine

from app.feeds.base import Rejections
from db.errors import InvalidInputError
from db.market.ticks import ChainSnapshot


def stored_day(engine: Engine, day: date) -> Callable[[Rejections], Iterator[ChainSnapshot]]:
    """The chains of a day for `ReplayFeed`; reading raises InvalidInputError if there are none."""
    from db.queries.recording import day_instants, stored_chain

    def chains(rejected: Rejections) -> Iterator[ChainSnapshot]:
        with engine.connect() as connection:
            instants = day_instants(connection, day)
        if not instants:
            raise InvalidInputError(f"The database holds no snapshot of {day}; choose another day.")
        for at, exchange in instants:
            with engine.connect() as connection:
                yield stored_chain(connection, exchange, at)

    return chains
