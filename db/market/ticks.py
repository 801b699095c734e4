"""What a feed yields, what the collector makes of it, and what the database takes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OptionType = Literal["CE", "PE"]


@dataclass(frozen=True, slots=True)
class OptionTick:
    """One contract's state. Prices in INR, quantities in units (not lots); None is unknown."""

    token: int
    symbol: str
    strike: float
    option_type: OptionType
    expiry: date
    ltp: float | None = None
    oi: int | None = None
    volume: int | None = None
    best_bid: float | None = None
    best_ask: float | None = None
    bid_quantity: float | None = None
    ask_quantity: float | None = None


@dataclass(frozen=True, slots=True)
class ChainSnapshot:
    """The chain of one exchange key at one instant; `timestamp` is aware.

    `underlying_price` is the index, `future_price` and `future_oi` its near future.
    """

    exchange: str
    timestamp: datetime
    options: tuple[OptionTick, ...]
    underlying_price: float | None = None
    future_price: float | None = None
    future_oi: int | None = None
    future_symbol: str | None = None
    vix: float | None = None
    rejected: tuple[str, ...] = field(default=())


CHANGE_MINUTES = (3, 5, 10, 15, 30)


class EnrichedOption(NamedTuple):
    """One row of option_chain_snapshots, its fields named as the columns; None is unknown.

    `exchange` and `timestamp` belong to the snapshot. `STORED_FIELDS` are stored with the history;
    the others only in the live edge. `iv` is in percent, `pct_change_*` in percent of the OI that
    many minutes ago and `oi_change_*` in units, both from the same row, `theta` in INR a day,
    `vega` in INR a percentage point of volatility; `theoretical_price` is what the volatility of
    the neighbouring strikes makes of the contract.
    """

    strike: float
    option_type: OptionType
    symbol: str
    token: int
    expiry: date
    time_to_expiry_seconds: int
    moneyness: str | None
    underlying_price: float | None
    oi: int | None
    ltp: float | None
    volume: int | None
    pct_change_3m: float | None
    pct_change_5m: float | None
    pct_change_10m: float | None
    pct_change_15m: float | None
    pct_change_30m: float | None
    oi_change_3m: int | None
    oi_change_5m: int | None
    oi_change_10m: int | None
    oi_change_15m: int | None
    oi_change_30m: int | None
    iv: float | None
    best_bid: float | None
    best_ask: float | None
    bid_quantity: float | None
    ask_quantity: float | None
    spread: float | None
    order_book_imbalance: float | None
    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    theoretical_price: float | None = None


STORED_FIELDS = tuple(
    name
    for name in EnrichedOption._fields[: EnrichedOption._fields.index("delta")]
    if not name.startswith("oi_change_")
)

Source = Literal["live", "simulated", "replayed"]


@dataclass(frozen=True, slots=True)
class EnrichedSnapshot:
    """A chain with everything computed; what `db.ingest` writes in one transaction.

    `features` holds values for the columns of ml_features by their names (without the key and
    `feature_payload`); it is empty for a live-edge update, which stores no features. Without
    `has_changes` the database computes the contracts' changes of OI from its history.
    """

    exchange: str
    timestamp: datetime
    options: tuple[EnrichedOption, ...]
    underlying_price: float | None = None
    future_price: float | None = None
    future_oi: int | None = None
    future_symbol: str | None = None
    vix: float | None = None
    atm_strike: float | None = None
    features: Mapping[str, float | None] = field(default_factory=dict)
    source: Source | None = None
    has_changes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ChainColumns:
    """Many stored rows of one exchange as parallel numpy arrays of one length.

    `timestamp` is datetime64[us] in naive IST, sorted ascending; `expiry` datetime64[D]; texts
    are bytes (`S`); integers int64 with −1 for unknown; all else float64 with NaN for unknown.
    """

    exchange: str
    timestamp: "NDArray[np.datetime64]"
    strike: "NDArray[np.float64]"
    option_type: "NDArray[np.bytes_]"
    symbol: "NDArray[np.bytes_]"
    token: "NDArray[np.int64]"
    expiry: "NDArray[np.datetime64]"
    time_to_expiry_seconds: "NDArray[np.int64]"
    moneyness: "NDArray[np.bytes_]"
    underlying_price: "NDArray[np.float64]"
    oi: "NDArray[np.int64]"
    ltp: "NDArray[np.float64]"
    volume: "NDArray[np.int64]"
    pct_change_3m: "NDArray[np.float64]"
    pct_change_5m: "NDArray[np.float64]"
    pct_change_10m: "NDArray[np.float64]"
    pct_change_15m: "NDArray[np.float64]"
    pct_change_30m: "NDArray[np.float64]"
    iv: "NDArray[np.float64]"
    best_bid: "NDArray[np.float64]"
    best_ask: "NDArray[np.float64]"
    bid_quantity: "NDArray[np.float64]"
    ask_quantity: "NDArray[np.float64]"
    spread: "NDArray[np.float64]"
    order_book_imbalance: "NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.timestamp)
