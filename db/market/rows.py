"""Columns from rows of plain values, for who reads contracts one by one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from db.market.ticks import OptionColumns

C = TypeVar("C", bound=OptionColumns)


def columns_of(kind: type[C], rows: Sequence[Sequence[Any]]) -> C:
    """Rows in the order of the fields of `kind`, None for unknown, as its arrays."""
    names = [each.name for each in fields(kind)]
    values: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return kind(
        **{
            each.name: _array(str(each.type), column)
            for each, column in zip(fields(kind), values, strict=True)
        }
    )


def _array(kind: str, values: Sequence[Any]) -> "np.ndarray[Any, np.dtype[Any]]":
    """By the names that the fields' types have in db.market.ticks."""
    if kind == "Texts":
        return np.array([(value or "").encode() for value in values], dtype=np.bytes_)
    if kind == "Integers":
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)
    return np.array(values, dtype="datetime64[D]" if kind == "Dates" else np.float64)
