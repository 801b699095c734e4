"""A trading day of the simulated market, the one that the demo shows and tests play with."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from benchmarks.dataset.spec import DatasetSpec
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from app.feeds.simulate.chain import ChainBlock
    from db.market.ticks import ChainColumns


def block_of(
    spec: DatasetSpec, exchange: str, day: date, instants: int | None = None
) -> "ChainBlock":
    """One exchange's day, or its first `instants`; it depends on no other day of the history."""
    import numpy as np

    from app.feeds.simulate.chain import chain_block

    seconds = np.array(spec.seconds_of(day)[:instants], dtype=np.int64)
    return chain_block(
        spec.seed, exchange, spec.expiry_of(exchange, day), day, seconds, spec.strikes or None
    )


def chain_of(spec: DatasetSpec, exchange: str, day: date) -> "ChainColumns":
    """The rows of one exchange's day: instant by instant, strike by strike, CE before PE."""
    from app.feeds.simulate.columns import chain_columns

    return chain_columns(block_of(spec, exchange, day))


def history(spec: DatasetSpec) -> Iterator["ChainColumns"]:
    """The whole history day by day, exchange by exchange, oldest first."""
    for day in spec.trading_days:
        for exchange in EXCHANGES:
            yield chain_of(spec, exchange, day)
