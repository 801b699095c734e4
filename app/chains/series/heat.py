"""Open interest of a day by strike and time."""

import numpy as np

from app.analytics.black_scholes import Floats
from app.chains.series.axis import axis
from app.chains.series.grid import CALL, PUT, clock, figures, grid
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from db.queries.bars import BAR_MINUTES


def heat(reading: Reading) -> Series:
    """OI at the end of each five minutes, `around` strikes either side of the money.

    `first_ce` and `first_pe` are what changes of the day count from: the first OI that is stored.
    """
    from db.queries.bars import Bar, day_bars
    from db.queries.snapshots import snapshot_at

    day, atm = reading.day, None
    bars: tuple[Bar, ...] = ()
    if day is not None:
        with reading.source.history() as connection:
            bars = day_bars(connection, reading.exchange, day)
            last = snapshot_at(connection, reading.exchange, bounds(day)[1])
            atm = last.atm_strike if bars and last is not None else None
    held = grid(bars)
    near = _near(held.strike, atm, reading.asked.around)
    minutes = [clock(minute) for minute in held.minute.tolist()]
    return Series(
        facts={**axis(day, minutes), "minutes_each": BAR_MINUTES, "atm": atm},
        columns={
            "strikes": held.strike[near].tolist(),
            "first_ce": figures(held.first_oi[near, CALL]),
            "first_pe": figures(held.first_oi[near, PUT]),
        },
        across=("minutes", minutes),
        matrices={
            name: [figures(row) for row in held.oi[:, near, side].T]
            for name, side in (("oi_ce", CALL), ("oi_pe", PUT))
        },
    )


def _near(strike: Floats, atm: float | None, around: int) -> slice:
    """The places of the strikes nearest to the money; the middle ones where that is unknown."""
    if not len(strike):
        return slice(0, 0)
    centre = len(strike) // 2 if atm is None else int(np.argmin(np.abs(strike - atm)))
    return slice(max(0, centre - around), centre + around + 1)
