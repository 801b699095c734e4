"""Sizes in words: the same on the command line, on pages and in sentences."""

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1024


def size_text(size_bytes: float | None) -> str:
    """A size with one decimal, in steps of 1024 as PostgreSQL's own sizes are; – for unknown."""
    if size_bytes is None:
        return "–"
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if abs(size) < _STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"
