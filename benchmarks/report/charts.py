"""Inline SVG: bars and curves on logarithmic axes, without a script."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from benchmarks.report.blocks import Bars, Lines, Ranges

_COLOURS = (
    "#8a94a6",
    "#1f77d0",
    "#2aa775",
    "#d9822b",
    "#9b5de5",
    "#c23030",
    "#17a2b8",
    "#b5a000",
    "#e377c2",
    "#8c564b",
    "#6b8e23",
    "#00479e",
    "#ff9e80",
    "#5d6d7e",
)
_LABEL_WIDTH, _BAR_WIDTH, _BAR_HEIGHT, _GAP = 240, 480, 12, 10
_TOP = 28
_PLOT = (70, 20, 560, 280)  # left, top, width, height


def bars_svg(bars: Bars) -> str:
    """Horizontal bars; the axis is logarithmic because ratios span four decades."""
    names = _names(bars.rows.values())
    values = [value for row in bars.rows.values() for value in row.values() if value > 0]
    if not values:
        return ""
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values) * 1.0001))
    parts, top = [_legend(names)], _TOP
    for label, row in bars.rows.items():
        height = len(row) * _BAR_HEIGHT
        parts.append(_text(_LABEL_WIDTH - 8, top + height / 2 + 4, label, anchor="end"))
        for offset, (name, value) in enumerate(row.items()):
            width = max(1.0, _share(value, low, high) * _BAR_WIDTH)
            y = top + offset * _BAR_HEIGHT
            parts.append(_bar(y, width, _COLOURS[names.index(name) % len(_COLOURS)]))
            figure = f"{value:.3g} {bars.unit}".strip()
            parts.append(_text(_LABEL_WIDTH + width + 5, y + 10, figure, small=True))
        top += height + _GAP
    parts[1:1] = _scale(low, high, top, bars.unit)
    return _svg(_LABEL_WIDTH + _BAR_WIDTH + 90, top + 24, bars.title, parts)


def ranges_svg(ranges: Ranges) -> str:
    """From the fastest to p99 as a line, thick up to p95, a dot at p50; logarithmic."""
    names = _names(ranges.rows.values())
    values = [v for row in ranges.rows.values() for four in row.values() for v in four if v > 0]
    if not values:
        return ""
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values) * 1.0001))
    parts, top = [_legend(names)], _TOP
    for label, row in ranges.rows.items():
        height = len(row) * _BAR_HEIGHT
        parts.append(_text(_LABEL_WIDTH - 8, top + height / 2 + 4, label, anchor="end"))
        for offset, (name, four) in enumerate(row.items()):
            y = top + offset * _BAR_HEIGHT + 5
            colour = _COLOURS[names.index(name) % len(_COLOURS)]
            places = [_LABEL_WIDTH + _share(value, low, high) * _BAR_WIDTH for value in four]
            parts.append(_range(places, y, colour))
            parts.append(_text(places[3] + 6, y + 4, f"{four[1]:.3g} {ranges.unit}", small=True))
        top += height + _GAP
    parts[1:1] = _scale(low, high, top, ranges.unit)
    return _svg(_LABEL_WIDTH + _BAR_WIDTH + 90, top + 24, ranges.title, parts)


def _range(places: Sequence[float], y: float, colour: str) -> str:
    fastest, middle, p95, p99 = places
    return (
        f'<line x1="{fastest:.1f}" x2="{p99:.1f}" y1="{y}" y2="{y}" stroke="{colour}"/>'
        f'<line x1="{fastest:.1f}" x2="{p95:.1f}" y1="{y}" y2="{y}" stroke="{colour}" '
        f'stroke-width="4" stroke-opacity="0.5"/>'
        f'<circle cx="{middle:.1f}" cy="{y}" r="4" fill="{colour}"/>'
    )


def _scale(low: float, high: float, bottom: float, unit: str) -> list[str]:
    """The axis below horizontal bars: a line and a figure a decade."""
    parts = []
    for value in _ticks((low, high)):
        x = _LABEL_WIDTH + _share(value, low, high) * _BAR_WIDTH
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4}" y2="{bottom}" class="grid"/>'
        )
        figure = f"{value:g} {unit}".strip()
        parts.append(_text(x, bottom + 15, figure, anchor="middle", small=True))
    return parts


def lines_svg(lines: Lines) -> str:
    """Curves with a point at every measurement."""
    points = [point for series in lines.series.values() for point in series if min(point) > 0]
    if not points:
        return ""
    xs, ys = _decades(x for x, _ in points), _decades(y for _, y in points)
    parts = [*_axes(xs, ys, lines)]
    for position, (name, series) in enumerate(lines.series.items()):
        colour = _COLOURS[position % len(_COLOURS)]
        places = [_place(x, y, xs, ys) for x, y in series if x > 0 and y > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = _PLOT[1] + 14 + position * 16
        parts.append(f'<rect x="650" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(666, y, name, small=True))
    height = max(_PLOT[1] + _PLOT[3] + 45, _PLOT[1] + 20 + 16 * len(lines.series))
    return _svg(890, height, lines.title, parts)


def _axes(xs: tuple[float, float], ys: tuple[float, float], lines: Lines) -> Iterable[str]:
    left, top, width, height = _PLOT
    for value in _ticks(ys):
        _, y = _place(xs[0], value, xs, ys)
        yield f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        yield _text(left - 6, y + 4, f"{value:g}", anchor="end", small=True)
    for value in _ticks(xs):
        x, _ = _place(value, ys[0], xs, ys)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + height}" class="grid"/>'
        yield _text(x, top + height + 16, _short(value), anchor="middle", small=True)
    yield _text(left + width / 2, top + height + 36, lines.x_label, anchor="middle", small=True)
    yield _text(left, top - 6, lines.y_label, small=True)


def _decades(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    low = 10.0 ** math.floor(math.log10(min(listed)))
    high = 10.0 ** math.ceil(math.log10(max(listed)))
    return low, high if high > low else low * 10


def _ticks(span: tuple[float, float]) -> list[float]:
    first, last = round(math.log10(span[0])), round(math.log10(span[1]))
    return [10.0**power for power in range(first, last + 1)]


def _place(
    x: float, y: float, xs: tuple[float, float], ys: tuple[float, float]
) -> tuple[float, float]:
    left, top, width, height = _PLOT
    return left + _share(x, *xs) * width, top + height - _share(y, *ys) * height


def _share(value: float, low: float, high: float) -> float:
    if value <= 0:
        return 0.0
    return math.log(value / low) / math.log(high / low) if high > low else 1.0


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _names(rows: Iterable[object]) -> list[str]:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))  # type: ignore[call-overload]  # a mapping's keys
    return list(names)


def _legend(names: Sequence[str]) -> str:
    parts, x = [], float(_LABEL_WIDTH)
    for position, name in enumerate(names):
        colour = _COLOURS[position % len(_COLOURS)]
        parts.append(f'<rect x="{x}" y="4" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(x + 14, 13, name, small=True))
        x += 30 + 7 * len(name)
    return "".join(parts)


def _bar(y: float, width: float, colour: str) -> str:
    return (
        f'<rect x="{_LABEL_WIDTH}" y="{y}" width="{width:.1f}" height="{_BAR_HEIGHT - 2}" '
        f'fill="{colour}"/>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", small: bool = False) -> str:
    size = 11 if small else 12
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _svg(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )
