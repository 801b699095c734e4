"""CSV as numbered lines of text, read with a bound: no file is taken in whole."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from db.errors import InvalidInputError

LONGEST_LINE = 131_072
"""Characters; the longest cell that Python's csv module reads."""

CUT = "row is cut"
UNCLOSED = "quote is not closed"

Lines = Iterator[tuple[int, str]]
"""(number from 1, line with its end)."""


def numbered_lines(file: TextIO, path: Path) -> Lines:
    """The lines of an open file; raises InvalidInputError for one that does not end."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise InvalidInputError(
                f"{path} is not a CSV file of text: line {number} has no end within "
                f"{LONGEST_LINE:,} characters."
            )
        yield number, line


def cells_of(line: str) -> list[str] | None:
    """The cells of a row; None where a quote is not closed, or not where a cell ends."""
    text = line.rstrip("\r\n")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None
