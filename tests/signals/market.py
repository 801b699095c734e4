"""Features of made-up days in which breadth may, or may not, run ahead of the index."""

import numpy as np

from app.signals.estimator import Parameters
from app.signals.frame import Frame, Instants
from db.market.calendar import is_trading_day

FIRST_DAY = "2025-09-08"
SMALL = Parameters(trees=60, patience=15)
_DAY_S = 375 * 60


def frame(
    days: int, *, effect: float, seed: int, step_s: int = 60, first: str = FIRST_DAY
) -> Frame:
    """So many sessions; with `effect` 0 the index walks at random."""
    rng = np.random.default_rng(seed)
    instants, state, price = [], [], []
    level = 25_000.0
    for day in trading_days(days, first):
        count = _DAY_S // step_s
        opens = np.datetime64(day, "us") + np.timedelta64(9 * 3600 + 15 * 60, "s")
        instants.append(opens + np.arange(count) * np.timedelta64(step_s, "s"))
        ahead = _slow(rng.normal(size=count))
        moves = 0.00035 * rng.normal(size=count) + effect * 0.00012 * ahead
        path = level * np.exp(np.concatenate([[0.0], np.cumsum(moves[:-1])]))
        level = float(path[-1])
        state.append(ahead)
        price.append(path)
    hidden, index = np.concatenate(state), np.concatenate(price)
    noise = rng.normal(size=(4, len(index)))
    columns = {
        "underlying_price": index,
        "vix": 13 + 0.1 * noise[0],
        "itm_ce_breadth": np.clip(0.5 + 0.15 * hidden + 0.05 * noise[1], 0, 1),
        "pcr_total_oi": 1 + 0.1 * noise[2],
        "futures_premium": 50 + noise[3],
    }
    return Frame(np.concatenate(instants).astype("datetime64[us]"), columns)


def trading_days(count: int, first: str = FIRST_DAY) -> Instants:
    days = np.arange(np.datetime64(first), np.datetime64(first) + 2 * count + 20)
    return np.array([day for day in days if is_trading_day(day.item())][:count])


def _slow(shocks: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray":
    state = np.zeros(len(shocks))
    for i in range(1, len(shocks)):
        state[i] = 0.97 * state[i - 1] + 0.24 * shocks[i]
    return state
