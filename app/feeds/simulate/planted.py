"""An effect that is planted into the simulated market, so that what looks for one can be judged.

Of itself the market holds nothing that could be known beforehand. With an effect, open interest of
calls grows, and that of puts shrinks, ahead of a rise of the index, and the other way round ahead
of a fall.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.contracts import Contracts
from app.feeds.simulate.paths import DAY_S, day_paths, session_seconds

_LOOKS_AHEAD_S = 900


def leaning(seed: int, chain: Contracts, day: date, step_s: int) -> NDArray[np.float32]:
    """By step and contract (steps, n): what the next quarter of an hour brings the index.

    As a share of what a quarter of an hour usually brings, counted for a contract's side. What is
    published of a step is known some minutes later, so that the quarter begins with its end.
    """
    index = day_paths(seed, day).index[chain.exchange.underlying_symbol]
    begins = np.minimum(np.arange(0, DAY_S, step_s) + step_s, DAY_S - 1)
    ends = np.minimum(begins + _LOOKS_AHEAD_S, DAY_S - 1)
    moves = np.log(index[ends] / index[begins])
    open_now = session_seconds(day) or range(DAY_S)
    usual = float(moves[open_now.start // step_s : open_now.stop // step_s].std())
    side = np.where(chain.is_call, 1.0, -1.0)
    found: NDArray[np.float32] = (moves[:, None] * side / (usual or 1.0)).astype(np.float32)
    return found
