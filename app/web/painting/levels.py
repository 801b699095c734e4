"""Support and resistance by open interest, as `front/chain/levels.js` finds them."""

from collections.abc import Callable, Mapping
from typing import Any

_HOW_MANY = 2

Oi = Mapping[tuple[float, str], int | None]


def levels_of(summary: Mapping[str, Any], oi: Oi) -> dict[tuple[float, str], str]:
    """By strike and side, what is marked there: S1, S2, R1 and R2.

    Support are the strikes at or below the index at which most puts are held, resistance those at
    or above it at which most calls are.
    """
    level = summary["underlying_price"]
    level = summary["atm_strike"] if level is None else level
    if level is None:
        return {}
    support = _most(oi, "PE", lambda strike: strike <= level)
    resistance = _most(oi, "CE", lambda strike: strike >= level)
    return {
        (strike, side): f"{name}{place}"
        for name, side, found in (("S", "PE", support), ("R", "CE", resistance))
        for place, strike in enumerate(found, start=1)
    }


def _most(oi: Oi, side: str, counts: Callable[[float], bool]) -> list[float]:
    held = {
        strike: units
        for (strike, of), units in oi.items()
        if of == side and counts(strike) and units
    }
    return sorted(held, key=lambda strike: (-held[strike], strike))[:_HOW_MANY]
