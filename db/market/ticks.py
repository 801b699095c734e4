"""What a feed yields, what the collector makes of it, and what the database takes in.

A chain is columns all the way: parallel numpy arrays, one entry a contract. In every class here
prices are in INR and quantities in units (not lots); texts are bytes (`S`, empty for unknown),
dates datetime64[D], integers int64 with −1 for unknown, all else float64 with NaN for unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Texts = NDArray[np.bytes_]
    Dates = NDArray[np.datetime64]

CALL, PUT = b"CE", b"PE"
OptionType = Literal["CE", "PE"]
Source = Literal["live", "simulated", "replayed"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OptionColumns:
    """What a feed says of the contracts of a chain."""

    strike: "Floats"
    option_type: "Texts"
    symbol: "Texts"
    token: "Integers"
    expiry: "Dates"
    oi: "Integers"
    ltp: "Floats"
    volume: "Integers"
    best_bid: "Floats"
    best_ask: "Floats"
    bid_quantity: "Floats"
    ask_quantity: "Floats"

    def __len__(self) -> int:
        return len(self.strike)

    @property
    def is_call(self) -> "NDArray[np.bool_]":
        """Which contracts are calls."""
        calls: NDArray[np.bool_] = self.option_type == CALL
        return calls

    def chosen(self, rows: "NDArray[Any]") -> Self:
        """Only those rows, by position or by a mask."""
        arrays = {name: getattr(self, name)[rows] for name in field_names(type(self))}
        return replace(self, **arrays)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StoredColumns(OptionColumns):
    """Rows of option_chain_snapshots without exchange and instant, named as its columns.

    `iv` is in percent, `pct_change_*` in percent of the OI that many minutes ago.
    """

    time_to_expiry_seconds: "Integers"
    moneyness: "Texts"
    underlying_price: "Floats"
    pct_change_3m: "Floats"
    pct_change_5m: "Floats"
    pct_change_10m: "Floats"
    pct_change_15m: "Floats"
    pct_change_30m: "Floats"
    iv: "Floats"
    spread: "Floats"
    order_book_imbalance: "Floats"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnrichedColumns(StoredColumns):
    """A chain with everything computed; what is not stored with history stands at the live edge.

    `oi_change_*` are in units (as floats, −1 being a change), of the row `pct_change_*` are of;
    `theta` is in INR a day, `vega` in INR a percentage point of volatility; `theoretical_price` is
    what the volatility of the neighbouring strikes makes of the contract. `iv_forward`, in percent,
    is that on the forward of the chain's own parity, `iv` that on the index at an assumed rate.
    """

    oi_change_3m: "Floats"
    oi_change_5m: "Floats"
    oi_change_10m: "Floats"
    oi_change_15m: "Floats"
    oi_change_30m: "Floats"
    delta: "Floats"
    gamma: "Floats"
    theta: "Floats"
    vega: "Floats"
    theoretical_price: "Floats"
    iv_forward: "Floats"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChainColumns(StoredColumns):
    """Rows of one exchange at many instants.

    `timestamp` is datetime64[us] in naive IST, sorted ascending.
    """

    exchange: str
    timestamp: "Dates"


def field_names(columns: type[OptionColumns]) -> tuple[str, ...]:
    """The arrays of a class of columns."""
    return tuple(each.name for each in fields(columns))


STORED_FIELDS = field_names(StoredColumns)
EDGE_FIELDS = field_names(EnrichedColumns)


@dataclass(frozen=True, slots=True, eq=False)
class ChainSnapshot:
    """The chain of one exchange key at one instant; `timestamp` is aware.

    `underlying_price` is the index, of the moment `underlying_at` (aware) where the feed tells it,
    `future_price` and `future_oi` its near future, `lot_size` the units in a lot as the exchange
    lists its contracts. `rejected` holds the reasons why the feed left contracts out, one for each.
    """

    exchange: str
    timestamp: datetime
    options: OptionColumns
    underlying_price: float | None = None
    underlying_at: datetime | None = None
    future_price: float | None = None
    future_oi: int | None = None
    future_symbol: str | None = None
    vix: float | None = None
    lot_size: int | None = None
    rejected: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SnapshotContext:
    """What belongs to a chain at an instant beside its contracts.

    `forward` is what put–call parity of the chain says of the index at expiry, in its points.
    `features` holds values for the columns of ml_features by their names (without the key and
    `feature_payload`); it is empty for a live-edge update, which stores no features. `source` is
    None for a writer that does not say what kind of market this is.
    """

    exchange: str
    timestamp: datetime
    underlying_price: float | None = None
    underlying_at: datetime | None = None
    future_price: float | None = None
    future_oi: int | None = None
    future_symbol: str | None = None
    vix: float | None = None
    lot_size: int | None = None
    atm_strike: float | None = None
    forward: float | None = None
    features: Mapping[str, float | None] = field(default_factory=dict)
    source: Source | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnrichedSnapshot(SnapshotContext):
    """A chain with everything computed; what `db.ingest` writes in one transaction.

    Without `has_changes` the database computes the contracts' changes of OI from its history.
    """

    options: EnrichedColumns
    has_changes: bool = False
