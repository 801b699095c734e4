"""Single snapshots of the simulated market, as a collector hands them to the database."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.dataset.days import block_of
from benchmarks.dataset.spec import DatasetSpec, next_session
from benchmarks.errors import BenchmarkError
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES
from db.market.limits import CHANGE_MINUTES
from db.market.ticks import (
    EDGE_FIELDS,
    STORED_FIELDS,
    EnrichedColumns,
    EnrichedSnapshot,
    SnapshotContext,
)

if TYPE_CHECKING:
    from app.feeds.simulate.chain import ChainBlock
    from db.market.ticks import ChainColumns

Instant = Sequence[EnrichedSnapshot]
"""The snapshots of all exchanges at one instant."""


def live_snapshots(spec: DatasetSpec, count: int) -> Iterator[Instant]:
    """The first `count` instants of the day after the history, all exchanges at each.

    Raises BenchmarkError while that day is not over: nothing would be shown of what is to come.
    """
    day = next_session(spec.trading_days[-1])
    if day >= market_now().date():
        raise BenchmarkError(
            f"What is written after the history is of {day}, which is not over: choose an "
            f"--end before {spec.trading_days[-1]}."
        )
    chains = [_snapshots(block_of(spec, exchange, day, count)) for exchange in EXCHANGES]
    yield from zip(*chains, strict=True)


def _snapshots(block: "ChainBlock") -> Iterator[EnrichedSnapshot]:
    from app.feeds.simulate.columns import chain_columns, snapshot_contexts

    chain = chain_columns(block)
    contracts = len(chain) // len(block.timestamp)
    for position, context in enumerate(snapshot_contexts(block)):
        rows = slice(position * contracts, (position + 1) * contracts)
        beside = {each.name: getattr(context, each.name) for each in fields(SnapshotContext)}
        yield EnrichedSnapshot(**beside, options=_options(chain, rows), has_changes=True)


def _options(chain: "ChainColumns", rows: slice) -> EnrichedColumns:
    """The columns of some rows; greeks stay unknown, changes in units follow from percentages."""
    stored = {name: getattr(chain, name)[rows] for name in STORED_FIELDS}
    unknown = np.full(rows.stop - rows.start, np.nan)
    edge = {name: unknown for name in EDGE_FIELDS if name not in stored}
    for minutes in CHANGE_MINUTES:
        percent = stored[f"pct_change_{minutes}m"]
        # of a contract that lost all of it a percentage does not tell how much that was
        base = np.where(percent > -100, 100 + percent, np.nan)
        edge[f"oi_change_{minutes}m"] = np.round(stored["oi"] * percent / base)
    return EnrichedColumns(**stored, **edge)
