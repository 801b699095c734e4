"""From chances to what is told: a side where it is likely enough, else to hold."""

import numpy as np
from numpy.typing import NDArray

from app.signals.frame import Floats

SELL, HOLD, BUY = 0, 1, 2


def decided(chances: Floats, threshold: float) -> NDArray[np.intp]:
    """Place of the class that is told of each row: BUY or SELL from `threshold` on, else HOLD.

    Of the two it is the likelier one.
    """
    side = np.where(chances[:, BUY] > chances[:, SELL], BUY, SELL)
    likely = chances[np.arange(len(chances)), side] >= threshold
    return np.where(likely, side, HOLD)
