"""The rows that an import turned away, in a file beside the export: as they came, and why."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from db.importing.reading import Record

LINE, REASON = "rejected_line", "rejected_reason"


class Rejected:
    """Counts rows by reason with the first line of each, and writes them to a file.

    The file is complete, and has its name, when the block ends well; what an earlier import of the
    same export left is gone then. Without a path rows are only counted.
    """

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self.reasons: dict[str, list[int]] = {}
        self._path = path
        self._header = header
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._path is None:
            return
        if self._file is not None:
            self._file.close()
        unfinished = _part(self._path)
        if kind is not None:
            unfinished.unlink(missing_ok=True)
        elif self._file is not None:
            os.replace(unfinished, self._path)
        elif self._path.exists():
            self._path.unlink()

    @property
    def count(self) -> int:
        """How many rows so far."""
        return sum(count for count, _ in self.reasons.values())

    @property
    def file(self) -> Path | None:
        """Where they are; None as long as there are none."""
        return self._path if self._file is not None else None

    def add(self, record: Record, reason: str) -> None:
        """Turn a row away."""
        self.reasons.setdefault(reason, [0, record.line])[0] += 1
        if self._path is None:
            return
        if self._file is None:
            self._file = _part(self._path).open(
                "w", encoding="utf-8", errors="surrogateescape", newline=""
            )
            self._writer = csv.writer(self._file)
            self._writer.writerow([*self._header, LINE, REASON])
        self._writer.writerow([*self._cells(record), record.line, reason])

    def _cells(self, record: Record) -> list[str]:
        """Under their own names; a row that does not fit them as it stands, in the first."""
        if record.cells is not None and len(record.cells) == len(self._header):
            return record.cells
        return [record.text.rstrip("\r\n"), *[""] * (len(self._header) - 1)]


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
