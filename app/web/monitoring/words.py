"""Figures as the monitoring page writes them; what is unknown is a dash."""

from datetime import UTC, datetime, timedelta

from db.sizes import size_text

DASH = "–"


def ms(value: float | None) -> str:
    """Milliseconds, or seconds from a second on."""
    if value is None:
        return DASH
    if value >= 1000:
        return seconds(value / 1000)
    return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"


def seconds(value: float | None) -> str:
    """Seconds, minutes, hours or days."""
    if value is None:
        return DASH
    for size, unit in ((172_800, "days"), (7200, "h"), (120, "min")):
        if value >= size:
            per = {"days": 86_400, "h": 3600, "min": 60}[unit]
            return f"{value / per:.0f} {unit}"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def whole(value: float | None) -> str:
    """A count."""
    return DASH if value is None else f"{value:,.0f}"


def share(value: float | None, digits: int = 0) -> str:
    """A share in percent."""
    return DASH if value is None else f"{value * 100:.{digits}f} %".replace("-", "−")


def number(value: float | None, digits: int = 3) -> str:
    """A plain number."""
    return DASH if value is None else f"{value:.{digits}f}"


def ago(moment: datetime | None) -> str:
    """How long ago a moment with a zone was, or in how long it will be."""
    if moment is None:
        return DASH
    age = datetime.now(UTC) - moment
    if age < timedelta(0):
        return f"in {seconds(-age.total_seconds())}"
    return f"{seconds(age.total_seconds())} ago"


def span(value: timedelta | None) -> str:
    """An interval."""
    return DASH if value is None else seconds(value.total_seconds())


def clock(moment: datetime | None) -> str:
    """A moment on the clock of its zone, with its day."""
    return DASH if moment is None else f"{moment:%d %b %H:%M}"


WORDS = {
    "ms": ms,
    "seconds": seconds,
    "bytes": size_text,
    "whole": whole,
    "share": share,
    "number": number,
    "ago": ago,
    "span": span,
    "clock": clock,
}
