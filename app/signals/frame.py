"""Features of one exchange key by instant, as arrays: the same form from history and live."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from db.market.clock import to_naive_ist

if TYPE_CHECKING:
    from sqlalchemy import Connection

Floats = NDArray[np.float64]
Instants = NDArray[np.datetime64]
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Instants (rows,), naive IST in microseconds and ascending, and a column (rows,) a feature.

    The columns are those of ml_features; NaN is unknown.
    """

    instants: Instants
    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.instants)

    def __getitem__(self, name: str) -> Floats:
        found = self.columns.get(name)
        return np.full(len(self), np.nan) if found is None else found

    @property
    def price(self) -> Floats:
        """The index; where it is unknown or not positive, NaN."""
        price = self["underlying_price"]
        return np.where(price > 0, price, np.nan)

    @property
    def days(self) -> Instants:
        """The day of each row."""
        return self.instants.astype("datetime64[D]")

    def rows(self, chosen: "slice | NDArray[Any]") -> "Frame":
        """Some of the rows."""
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return Frame(self.instants[chosen], columns)

    def version(self) -> str:
        """What is another one when any figure is: 12 hex digits of a SHA-256."""
        digest = sha256(np.ascontiguousarray(self.instants).view(np.int64).tobytes())
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).tobytes())
        return digest.hexdigest()[:12]


def stored_frame(connection: "Connection", exchange: str, start: datetime, end: datetime) -> Frame:
    """The stored features from `start` to `end` (aware, included)."""
    from db.queries.features import features_frame

    found = features_frame(connection, exchange, start, end)
    index: Any = found.index
    instants = index.tz_localize(None).to_numpy().astype("datetime64[us]")
    return Frame(instants, {str(name): found[name].to_numpy() for name in found.columns})


def instant_of(at: datetime) -> np.datetime64:
    """An aware datetime as a frame's instants are."""
    return np.datetime64(to_naive_ist(at), "us")
