"""What a set of options on one underlying comes to over levels of its index.

Today's value is Black's on the forward (F. Black, "The Pricing of Commodity Contracts", Journal of
Financial Economics 3, 1976) with each contract's own volatility; a forward moves with the index in
proportion. The value at expiry is that of the nearest one: later contracts then still have time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from app.analytics.black_scholes import Floats, price

_POINTS = 121
_DENSE = 801
_NARROWEST = 0.04
_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True)
class Held:
    """Units of an option (sold: < 0) and the INR a unit they cost.

    `years` to its expiry; `forward` in points and `volatility` a fraction a year, NaN if unknown.
    """

    is_call: bool
    strike: float
    units: int
    cost: float
    years: float
    forward: float
    volatility: float


@dataclass(frozen=True, slots=True)
class Extremes:
    """The most and least that can come (±inf: unlimited), and the levels at which nothing does."""

    gain: float
    loss: float
    breakevens: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Payoff:
    """P&L in INR by `levels` of the index; `now` is None while a volatility is unknown."""

    levels: Floats
    at_expiry: Floats
    now: Floats | None
    extremes: Extremes


def payoff(held: Sequence[Held], index: float) -> Payoff:
    """P&L over levels around the index, at the nearest expiry and now."""
    levels = _around(held, index)
    horizon = min(each.years for each in held)
    now = profit(held, index, levels, 0.0)
    return Payoff(
        levels=levels,
        at_expiry=profit(held, index, levels, horizon),
        now=now if bool(np.isfinite(now).all()) else None,
        extremes=_extremes(held, index, horizon),
    )


def profit(
    held: Sequence[Held],
    index: float,
    levels: Floats,
    passed: float,
    volatility_shift: float = 0.0,
) -> Floats:
    """P&L at levels of the index after `passed` years, with all volatilities shifted (fraction).

    NaN where a contract that then still lives has no known volatility.
    """
    total = np.zeros(len(levels))
    for each in held:
        left = max(each.years - passed, 0.0)
        total += each.units * (_value(each, index, levels, left, volatility_shift) - each.cost)
    return total


def _value(each: Held, index: float, levels: Floats, left: float, shift: float) -> Floats:
    if left <= 0:
        return price(each.is_call, levels, each.strike, 0.0, np.nan, 0.0)
    # what the forward is above the index shrinks with the time that is left
    carry = each.forward / index if isfinite(each.forward) else 1.0
    forward = levels * carry ** (left / each.years)
    # Black's formula has no value at a level of nothing
    volatility = max(each.volatility + shift, 1e-4) if isfinite(each.volatility) else np.nan
    return price(each.is_call, np.maximum(forward, 1e-9), each.strike, left, volatility, 0.0)


def _around(held: Sequence[Held], index: float) -> Floats:
    """Levels at even distances, wide enough for the strikes and for three deviations."""
    deviations = [
        _DEVIATIONS * each.volatility * each.years**0.5
        for each in held
        if isfinite(each.volatility) and each.years > 0
    ]
    strikes = [abs(each.strike / index - 1.0) * 1.2 for each in held]
    reach = min(max(_NARROWEST, *deviations, *strikes), 0.9)
    return np.linspace(index * (1 - reach), index * (1 + reach), _POINTS)


def _extremes(held: Sequence[Held], index: float, horizon: float) -> Extremes:
    """Exact where all contracts die together: the payoff is straight between strikes."""
    strikes = {each.strike for each in held}
    nodes = np.array(sorted({0.0, *strikes}))
    if any(each.years > horizon for each in held):
        highest = 2 * max(index, *strikes)
        nodes = np.unique(np.concatenate((nodes, np.linspace(0.0, highest, _DENSE))))
    values = profit(held, index, nodes, horizon)
    slope = float(sum(each.units for each in held if each.is_call))
    return Extremes(
        gain=inf if slope > 0 else float(values.max()),
        loss=-inf if slope < 0 else float(values.min()),
        breakevens=_crossings(nodes, values, slope),
    )


def _crossings(nodes: Floats, values: Floats, slope: float) -> tuple[float, ...]:
    """Levels at which the value passes through zero; beyond the last node it is a straight line."""
    found = []
    for i in range(len(nodes) - 1):
        here, there = values[i], values[i + 1]
        if here * there < 0:
            found.append(float(nodes[i] - here * (nodes[i + 1] - nodes[i]) / (there - here)))
        elif here == 0 and there != 0 and nodes[i] > 0:
            found.append(float(nodes[i]))
    last = values[-1]
    if slope != 0 and last / slope <= 0:
        found.append(float(nodes[-1] - last / slope))
    return tuple(sorted(set(found)))
