"""Randomness that any contract, day and second can look up by itself, in any order.

Tables of draws, made once a seed, and a hash that says where to read them: a part of a chain gets
the same figures as the whole, at a fraction of what drawing them would cost.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.uint64]

SIZE = 1 << 17
"""Entries of each table; a power of two."""

_MASK = np.uint64(SIZE - 1)
_HEAVIEST = 30.0
_GOLDEN, _WHOLE = 0x9E3779B97F4A7C15, (1 << 64) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Tables of `SIZE` draws: standard `normal`, `heavy` (Student's t with three degrees of
    freedom, cut at ±30) and `waits` (exponential with mean 1).
    """

    normal: NDArray[np.float32]
    heavy: NDArray[np.float32]
    waits: NDArray[np.float32]


@lru_cache(maxsize=2)
def noise(seed: int) -> Noise:
    """The tables of a seed."""
    rng = np.random.default_rng([seed, 9])
    heavy = np.clip(rng.standard_t(3, SIZE), -_HEAVIEST, _HEAVIEST).astype(np.float32)
    return Noise(
        normal=rng.standard_normal(SIZE, dtype=np.float32),
        heavy=heavy,
        waits=rng.standard_exponential(SIZE, dtype=np.float32),
    )


def code(*parts: ArrayLike) -> Codes:
    """A hash (n,) of whole numbers, arrays among them (n,); splitmix64 after each.

    G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
    """
    mixed = np.zeros(1, dtype=np.uint64)
    for part in parts:
        z = (mixed ^ np.asarray(part).astype(np.uint64)) + np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = z ^ (z >> np.uint64(31))
    return mixed


def salted(codes: Codes, salt: int) -> Codes:
    """Other codes for another purpose, at less than the cost of a hash."""
    return codes ^ np.uint64(salt * _GOLDEN & _WHOLE)


def share(codes: Codes) -> NDArray[np.float64]:
    """A number in [0, 1) for each code."""
    found: NDArray[np.float64] = (codes >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return found


def place(codes: Codes) -> NDArray[np.int64]:
    """Where in a table to begin to read."""
    return (codes & _MASK).astype(np.int64)


def drawn(table: NDArray[np.float32], codes: Codes) -> NDArray[np.float64]:
    """One draw for each code."""
    return table[place(codes)].astype(np.float64)


def stretch(table: NDArray[np.float32], codes: Codes, length: int) -> NDArray[np.float32]:
    """A view of `length` draws one after another, for one code."""
    first = int(codes[0] % np.uint64(SIZE - length))
    return table[first : first + length]


def runs(table: NDArray[np.float32], codes: Codes, length: int) -> NDArray[np.float32]:
    """Draws one after another for each code: (length, n)."""
    found: NDArray[np.float32] = table[
        (place(codes) + np.arange(length)[:, None]) & np.int64(SIZE - 1)
    ]
    return found
