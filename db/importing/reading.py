"""An export as records: a header, then rows with the lines on which they begin."""

import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO, cast

from db.csv_text import LONGEST_LINE, Lines, cells_of
from db.errors import InvalidInputError


class Record(NamedTuple):
    """A row, the number of its first line, and its text; no cells where a quote is not closed."""

    line: int
    text: str
    cells: list[str] | None


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """An export as text, unpacked where its name ends in .gz.

    A byte that is no UTF-8 stays one, so that it costs its row and not the file. Raises
    InvalidInputError for what cannot be unpacked, while the block runs too.
    """
    try:
        with _open(path) as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise InvalidInputError(f"{path} cannot be unpacked to its end: {exc}.") from exc


def _open(path: Path) -> TextIO:
    # line ends stay as they are: a quoted cell may hold some
    if path.suffix == ".gz":
        return cast(
            TextIO,
            gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline=""),
        )
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def header_of(lines: Lines, path: Path) -> list[str]:
    """The names in the first line, as they are written; raises InvalidInputError without any."""
    _, line = next(lines, (1, ""))
    names = [_shown(name.strip()) for name in cells_of(line) or ()]
    if not any(names):
        raise InvalidInputError(f"{path} has no header: its first line must name the columns.")
    return names


def _shown(name: str) -> str:
    """A name that can be printed, whatever its bytes are."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def records(lines: Lines, width: int) -> Iterator[Record]:
    """The rows after the header. Empty lines are none.

    A quoted cell may go on over lines. Where that does not end in a row of `width` cells, its
    first line alone is at fault, and what follows is read anew: a quote that nobody closed costs
    its own line and no other.
    """
    ahead: deque[tuple[int, str]] = deque()
    while (taken := _next(lines, ahead)) is not None:
        number, line = taken
        if not line.strip():
            continue
        if line.count('"') % 2 == 0:
            yield Record(number, line, cells_of(line))
            continue
        more = _until_closed(lines, ahead)
        text = line + "".join(each for _, each in more)
        cells = cells_of(text)
        if cells is None or len(cells) != width:
            ahead.extendleft(reversed(more))
            text, cells = line, None
        yield Record(number, text, cells)


def _next(lines: Lines, ahead: deque[tuple[int, str]]) -> tuple[int, str] | None:
    return ahead.popleft() if ahead else next(lines, None)


def _until_closed(lines: Lines, ahead: deque[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines up to the one that holds the other quote of a pair, within bounds."""
    more: list[tuple[int, str]] = []
    length = 0
    while length < LONGEST_LINE and (taken := _next(lines, ahead)) is not None:
        more.append(taken)
        length += len(taken[1])
        if taken[1].count('"') % 2:
            break
    return more
