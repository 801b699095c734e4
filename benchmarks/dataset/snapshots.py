"""Single snapshots of the generated market, as a collector hands them to the database."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.dataset.features import FEATURES, feature_rows
from benchmarks.dataset.market import chain_day
from benchmarks.dataset.spec import DatasetSpec
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.ticks import CHANGE_MINUTES, STORED_FIELDS, EnrichedOption, EnrichedSnapshot

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
    columns = {name: _values(chain, name, rows) for name in STORED_FIELDS}
    columns |= {
        f"oi_change_{minutes}m": _units(columns["oi"], columns[f"pct_change_{minutes}m"])
        for minutes in CHANGE_MINUTES
    }
    spot = float(chain.underlying_price[rows.start])
    return EnrichedSnapshot(
        exchange=chain.exchange,
        timestamp=chain.timestamp[rows.start].item().replace(tzinfo=IST),
        options=tuple(
            EnrichedOption(**dict(zip(columns, values, strict=True)))
            for values in zip(*columns.values(), strict=True)
        ),
        underlying_price=spot,
        future_price=round(spot * 1.002, 2),
        future_oi=12_000_000,
        vix=13.0,
        atm_strike=float(chain.strike[rows][abs(chain.strike[rows] - spot).argmin()]),
        features=dict(zip(FEATURES, features, strict=True)),
        has_changes=True,
    )


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
