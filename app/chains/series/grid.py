"""A day of all contracts as arrays: five-minute bars by time, strike and side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from db.queries.bars import BAR_MINUTES

if TYPE_CHECKING:
    from db.queries.bars import Bar

CALL, PUT = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Figures are (times, strikes, sides), those of `first_oi` (strikes, sides); NaN is unknown.

    `minute` (times) is the first of each bar, counted from midnight. `first_oi` is the first OI
    of the day that is known of a contract.
    """

    minute: NDArray[np.int64]
    strike: Floats
    oi: Floats
    price: Floats
    first_oi: Floats

    @property
    def ends(self) -> NDArray[np.int64]:
        """The minute at which each bar ends."""
        return self.minute + BAR_MINUTES


def grid(bars: "Sequence[Bar]") -> Grid:
    """Bars, ascending by minute, as arrays; empty ones of no bar."""
    if not bars:
        none = np.empty((0, 0, 2))
        return Grid(np.empty(0, np.int64), np.empty(0), none, none, np.empty((0, 2)))
    minutes, strikes, sides, opens, oi, prices = zip(*bars, strict=True)
    minute, row = np.unique(np.array(minutes, dtype=np.int64), return_inverse=True)
    strike, column = np.unique(np.array(strikes, dtype=np.float64), return_inverse=True)
    place = row, column, np.array([PUT if side == "PE" else CALL for side in sides])
    shape = len(minute), len(strike), 2

    def placed(values: Sequence[float | None]) -> Floats:
        found = np.full(shape, np.nan)
        found[place] = np.array(values, dtype=np.float64)
        return found

    opened = placed(opens)
    first = np.argmax(np.isfinite(opened), axis=0)[None]
    return Grid(
        minute=minute,
        strike=strike,
        oi=placed(oi),
        price=placed(prices),
        first_oi=np.take_along_axis(opened, first, axis=0)[0],
    )


def clock(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def figures(values: Floats, digits: int | None = None) -> list[float | int | None]:
    """An array as JSON takes it: whole numbers without digits, None for unknown."""
    known = np.isfinite(values)
    shown = values if digits is None else np.round(values, digits)
    return [
        (float(value) if digits is not None else int(value)) if is_known else None
        for value, is_known in zip(shown.tolist(), known.tolist(), strict=True)
    ]
