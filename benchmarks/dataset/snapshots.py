"""Single snapshots of the simulated market, as a collector hands them to the database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.dataset.days import block_of
from benchmarks.dataset.spec import DatasetSpec, next_session
from db.market.exchanges import EXCHANGES
from db.market.ticks import STORED_FIELDS, EnrichedOption, EnrichedSnapshot

if TYPE_CHECKING:
    from app.feeds.simulate.chain import ChainBlock
    from db.market.ticks import ChainColumns

Instant = Sequence[EnrichedSnapshot]
"""The snapshots of all exchanges at one instant."""


def live_snapshots(spec: DatasetSpec, count: int) -> Iterator[Instant]:
    """The first `count` instants of the day after the history, all exchanges at each."""
    day = next_session(spec.trading_days[-1])
    chains = [_snapshots(block_of(spec, exchange, day, count)) for exchange in EXCHANGES]
    yield from zip(*chains, strict=True)


def _snapshots(block: "ChainBlock") -> Iterator[EnrichedSnapshot]:
    from app.feeds.simulate.columns import chain_columns, snapshot_contexts

    chain = chain_columns(block)
    contracts = len(chain) // len(block.timestamp)
    for position, context in enumerate(snapshot_contexts(block)):
        rows = slice(position * contracts, (position + 1) * contracts)
        columns = [_values(chain, name, rows) for name in STORED_FIELDS]
        options = tuple(EnrichedOption(*values) for values in zip(*columns, strict=True))
        yield replace(context, options=options)


def _values(chain: "ChainColumns", name: str, rows: slice) -> list[object]:
    values = getattr(chain, name)[rows]
    listed: list[object] = values.tolist()
    if values.dtype.kind == "S":
        return [value.decode() for value in listed if isinstance(value, bytes)]
    # NaN is unknown
    return [None if value != value else value for value in listed]
