"""Single snapshots of the generated market, as a collector hands them to the database."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.dataset.features import FEATURES, feature_rows
from benchmarks.dataset.market import chain_day
from benchmarks.dataset.spec import DatasetSpec
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.limits import CHANGE_MINUTES
from db.market.ticks import EDGE_FIELDS, STORED_FIELDS, EnrichedColumns, EnrichedSnapshot

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns

Instant = Sequence[EnrichedSnapshot]
"""The snapshots of all exchanges at one instant."""


def next_day(spec: DatasetSpec) -> date:
    """The weekday after the history ends."""
    day = spec.trading_days[-1] + timedelta(days=1)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def live_snapshots(spec: DatasetSpec, count: int) -> Iterator[list[EnrichedSnapshot]]:
    """The first `count` instants of the day after the history, all exchanges at each."""
    chains = [chain_day(spec, exchange, next_day(spec)) for exchange in EXCHANGES]
    features = [list(feature_rows(chain)) for chain in chains]
    for position in range(min(count, spec.snapshots_per_day)):
        yield [
            _snapshot(spec, chain, position, rows[position][2:-1])
            for chain, rows in zip(chains, features, strict=True)
        ]


def _snapshot(
    spec: DatasetSpec, chain: "ChainColumns", position: int, features: Sequence[float]
) -> EnrichedSnapshot:
    contracts = len(chain) // spec.snapshots_per_day
    rows = slice(position * contracts, (position + 1) * contracts)
    spot = float(chain.underlying_price[rows.start])
    return EnrichedSnapshot(
        exchange=chain.exchange,
        timestamp=chain.timestamp[rows.start].item().replace(tzinfo=IST),
        options=_options(chain, rows),
        underlying_price=spot,
        future_price=round(spot * 1.002, 2),
        future_oi=12_000_000,
        vix=13.0,
        atm_strike=float(chain.strike[rows][abs(chain.strike[rows] - spot).argmin()]),
        features=dict(zip(FEATURES, features, strict=True)),
        has_changes=True,
    )


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
