"""Small drawings of values in time, as paths for SVG."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 96, 18
_HEADROOM = 1.5


class Spark(NamedTuple):
    """A path, and the height at which its limit stands; both in units of the drawing."""

    path: str
    limit_y: float | None
    worst: float


def drawn(values: Sequence[float | None], limit: float | None) -> Spark | None:
    """Values from left to right, none joined across a gap; None where there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    top = max((limit or 0.0) * _HEADROOM, *known) or 1.0
    step = WIDTH / max(1, len(values) - 1)
    parts, is_on = [], False
    for place, value in enumerate(values):
        if value is None:
            is_on = False
            continue
        parts.append(f"{'L' if is_on else 'M'}{place * step:.1f} {_y(value, top):.1f}")
        if not is_on:
            # a value between two gaps is a dot
            parts.append("h.1")
        is_on = True
    return Spark("".join(parts), None if limit is None else round(_y(limit, top), 1), max(known))


def _y(value: float, top: float) -> float:
    return HEIGHT - 1 - value / top * (HEIGHT - 2)
