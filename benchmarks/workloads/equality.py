"""Whether two ways of asking return the same rows."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_RELATIVE = 1e-9


def projected(rows: Sequence[Any], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows with attributes, mappings or both as plain tuples of comparable values."""
    return [tuple(_plain(_value(row, name)) for name in columns) for row in rows]


def named(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Driver rows by column name."""
    return [dict(zip(names, row, strict=True)) for row in rows]


def first_difference(
    before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]]
) -> str | None:
    """One sentence about the first difference, or None when the rows agree.

    Floats agree to nine digits: sums of the same numbers in another order differ in the last.
    """
    if len(before) != len(after):
        return f"{len(before)} rows before, {len(after)} after"
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if not all(_equal(a, b) for a, b in zip(old, new, strict=True)):
            return f"row {number}: {old} before, {new} after"
    return None


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, Mapping) else getattr(row, name)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=1e-12)
    return bool(one == other)
