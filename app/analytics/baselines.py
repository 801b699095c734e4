"""Which earlier snapshot a change over n minutes is measured against."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def baseline_position(instants: Sequence[datetime], at: datetime, minutes: int) -> int | None:
    """Index of the snapshot that stands for `minutes` before `at`, or None if there is none.

    `instants` ascend. It is the newest one at or before that moment, of the same day and no older
    than twice as far back: a change over 5 minutes never hides an hour's gap or a night.
    """
    wanted = at - timedelta(minutes=minutes)
    oldest = wanted - timedelta(minutes=minutes)
    for position in range(len(instants) - 1, -1, -1):
        if instants[position] <= wanted:
            found = instants[position]
            return position if found >= oldest and found.date() == at.date() else None
    return None


def baseline_positions(instants: "NDArray[np.datetime64]", minutes: int) -> "NDArray[np.int64]":
    """`baseline_position` of each of the instants among all of them; −1 stands for None."""
    # a web worker asks for single ones only, and must not load numpy before its login page
    import numpy as np

    span = np.timedelta64(minutes, "m")
    wanted = instants - span
    found = np.searchsorted(instants, wanted, side="right") - 1
    earlier = instants[np.maximum(found, 0)]
    same_day = earlier.astype("datetime64[D]") == instants.astype("datetime64[D]")
    return np.where((found >= 0) & (earlier >= wanted - span) & same_day, found, -1)
