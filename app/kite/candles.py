"""The broker's minute candles as columns (https://kite.trade/docs/connect/v3/historical/)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.kite.errors import BrokerError

MINUTE = timedelta(minutes=1)
MOST_DAYS = 60
"""Days of minute candles that one request may ask for."""

_CELLS = 6
_MINUTE_S = 60


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Minutes of one instrument in which it traded, ascending.

    `end` is the moment each minute ends, in seconds since 1970: close and OI are the state of that
    moment, while the broker names a candle by its beginning. `close` is in INR, NaN where unknown;
    `oi` and the minute's `volume` are in units, `oi` −1 where unknown.
    """

    end: NDArray[np.int64]
    close: NDArray[np.float64]
    volume: NDArray[np.int64]
    oi: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.end)

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> "Candles":
        """The rows of an answer: time, open, high, low, close, volume and perhaps OI.

        Raises BrokerError for rows of another form.
        """
        try:
            return cls._read(rows)
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            raise BrokerError(f"The broker's candles cannot be read ({error}).") from error

    @classmethod
    def _read(cls, rows: Sequence[Sequence[Any]]) -> "Candles":
        by_end = {row[0]: row for row in map(_read, rows)}
        columns = list(zip(*(by_end[end] for end in sorted(by_end)), strict=True)) or [()] * 4
        close = np.array(columns[1], dtype=np.float64)
        return cls(
            end=np.array(columns[0], dtype=np.int64),
            close=np.where(np.isfinite(close) & (close > 0), close, np.nan),
            volume=np.array(columns[2], dtype=np.int64),
            oi=np.array(columns[3], dtype=np.int64),
        )


def _read(row: Sequence[Any]) -> tuple[int, float, int, int]:
    # of `dateutil`, which the broker's client reads times by, a day of a chain would take a minute
    began = int(datetime.fromisoformat(row[0]).timestamp())
    oi = row[_CELLS] if len(row) > _CELLS else None
    return began + _MINUTE_S, float(row[4]), int(row[5]), -1 if oi is None else int(oi)
