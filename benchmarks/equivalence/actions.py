"""Random histories of a table under rollups: what writers, refreshes, retention and crashes do.

Times are half minutes from the start of the history; a history spans SPAN of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

EXCHANGES = ("NSE", "BSE")
ROLLUPS = ("eq_1m", "eq_5m", "eq_25m")
SPAN = 6 * 120

Row = tuple[str, int, int, float]
"""exchange, time, open interest, price; prices are multiples of 1/4, so that sums are exact."""


@dataclass(frozen=True, slots=True)
class Write:
    """Rows inserted, or put over those of the same exchange and time; late ones among them."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows loaded with COPY where there are none."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of one exchange from `first` to `last` given another open interest."""

    exchange: str
    first: int
    last: int
    oi: int


@dataclass(frozen=True, slots=True)
class Move:
    """Rows of one exchange moved `shift` later, as far as they stay in their hour."""

    exchange: str
    first: int
    last: int
    shift: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Rows of one exchange deleted from `first` to `last`."""

    exchange: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """A rollup brought up to date."""

    rollup: str


@dataclass(frozen=True, slots=True)
class RefreshWindow:
    """A rollup aggregated anew from `first` to `last`."""

    rollup: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DropChunks:
    """Chunks of the table that are older than `before` dropped."""

    before: int


@dataclass(frozen=True, slots=True)
class Truncate:
    """The table emptied."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Rows written, a rollup refreshed over them, and all of it rolled back."""

    rows: tuple[Row, ...]
    rollup: str


@dataclass(frozen=True, slots=True)
class Kill:
    """The session killed between the steps of a refresh, before it committed."""

    rollup: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows whose transaction began before a refresh and commits after it."""

    rows: tuple[Row, ...]
    rollup: str


Action = (
    Write
    | Copy
    | Change
    | Move
    | Remove
    | Refresh
    | RefreshWindow
    | DropChunks
    | Truncate
    | Abort
    | Kill
    | Overlap
)
History = tuple[Action, ...]


def random_history(source: Random) -> History:
    """Between 3 and 14 actions; the same generator state gives the same history."""
    makers, weights = zip(*_MAKERS, strict=True)
    chosen = source.choices(makers, weights, k=source.randint(3, 14))
    return tuple(make(source) for make in chosen)


def _rows(source: Random) -> tuple[Row, ...]:
    start = source.randrange(SPAN)
    reach = source.choice((1, 4, 40, SPAN))
    times = {min(SPAN - 1, start + source.randrange(reach)) for _ in range(source.randint(1, 9))}
    return tuple(
        (source.choice(EXCHANGES), time, source.randint(0, 99), source.randint(0, 400) / 4)
        for time in sorted(times)
    )


def _range(source: Random) -> tuple[int, int]:
    first = source.randrange(SPAN)
    return first, min(SPAN, first + source.choice((1, 10, 60, 300)))


_MAKERS: tuple[tuple[Callable[[Random], Action], int], ...] = (
    (lambda s: Write(_rows(s)), 30),
    (lambda s: Copy(_rows(s)), 8),
    (lambda s: Change(s.choice(EXCHANGES), *_range(s), s.randint(0, 99)), 8),
    (lambda s: Move(s.choice(EXCHANGES), *_range(s), s.choice((1, 2, 9))), 3),
    (lambda s: Remove(s.choice(EXCHANGES), *_range(s)), 8),
    (lambda s: Refresh(s.choice(ROLLUPS)), 22),
    (lambda s: RefreshWindow(s.choice(ROLLUPS), *_range(s)), 8),
    (lambda s: DropChunks(s.randrange(SPAN)), 5),
    (lambda s: Truncate(), 1),
    (lambda s: Abort(_rows(s), s.choice(ROLLUPS)), 4),
    (lambda s: Kill(s.choice(ROLLUPS)), 1),
    (lambda s: Overlap(_rows(s), s.choice(ROLLUPS)), 6),
)
