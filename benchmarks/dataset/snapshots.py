"""Single snapshots of the simulated market, as a collector hands them to the database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.dataset.days import block_of
from benchmarks.dataset.spec import DatasetSpec, next_session
from db.market.exchanges import EXCHANGES
from db.market.ticks import CHANGE_MINUTES, STORED_FIELDS, EnrichedOption, EnrichedSnapshot

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
        columns = {name: _values(chain, name, rows) for name in STORED_FIELDS}
        columns |= {
            f"oi_change_{minutes}m": _units(columns["oi"], columns[f"pct_change_{minutes}m"])
            for minutes in CHANGE_MINUTES
        }
        options = tuple(
            EnrichedOption(**dict(zip(columns, values, strict=True)))
            for values in zip(*columns.values(), strict=True)
        )
        yield replace(context, options=options, has_changes=True)


def _units(quantities: list[Any], percentages: list[Any]) -> list[int | None]:
    """What OI has changed by, in units, from its change in percent."""
    return [
        None if percent is None else round(quantity - quantity / (1 + percent / 100))
        for quantity, percent in zip(quantities, percentages, strict=True)
    ]


def _values(chain: "ChainColumns", name: str, rows: slice) -> list[Any]:
    values = getattr(chain, name)[rows]
    listed: list[Any] = values.tolist()
    if values.dtype.kind == "S":
        return [value.decode() for value in listed if isinstance(value, bytes)]
    # NaN is unknown
    return [None if value != value else value for value in listed]
