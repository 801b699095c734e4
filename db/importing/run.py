"""An export into its table: matched by name, checked, and stored batch by batch.

Nothing is remembered beside the table: an import that was killed is run again and passes over what
is there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.csv_text import CUT, UNCLOSED, numbered_lines
from db.errors import InvalidInputError
from db.importing import rejected as quarantine
from db.importing.reading import Record, header_of, opened, records
from db.importing.rejected import Rejected
from db.importing.tables import Target
from db.importing.values import Cell, FaultyCellError, cell, values_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

BATCH_ROWS = 20_000
"""Rows stored in one transaction: what a kill can cost, and what is held in memory."""

_TOO_MANY = "row has more cells than the header"


@dataclass(kw_only=True, slots=True)
class Imported:
    """What became of an export's rows; `stored` and `present` are None where it was only checked.

    `present` counts rows that were there already, in the table or further up in the export.
    `reasons` holds for each reason how many rows it cost and the first line.
    """

    file: str
    table: str
    columns: list[str]
    left_out: list[str]
    rows: int = 0
    stored: int | None = None
    present: int | None = None
    rejected: int = 0
    reasons: dict[str, list[int]] = field(default_factory=dict)
    rejected_file: str | None = None


OnBatch = Callable[[Imported], None]


def _quiet(so_far: Imported) -> None:
    pass


def import_file(
    path: Path,
    target: Target,
    engine: "Engine | None",
    *,
    batch_rows: int = BATCH_ROWS,
    on_batch: OnBatch = _quiet,
) -> Imported:
    """Store an export's rows, each once, or without an engine only check them.

    Rows that cannot be read go to `<export>.rejected.csv` with their lines and reasons. Raises
    InvalidInputError for an export that is no CSV or lacks a needed column, and what the engine
    raises; what was stored until then stays.
    """
    with ExitStack() as stack:
        file = stack.enter_context(opened(path))
        lines = numbered_lines(file, path)
        header = header_of(lines, path)
        cells = _matched(path, header, target)
        done = _begun(path, header, target, cells, engine)
        beside = path.with_name(path.name + ".rejected.csv") if engine else None
        turned_away = stack.enter_context(Rejected(beside, header))
        rows = _sound(records(lines, len(header)), len(header), cells, turned_away, done)
        for batch in _batches(rows, batch_rows):
            if engine is not None:
                _store(engine, target, done, batch)
            _tell(done, turned_away)
            on_batch(done)
        _tell(done, turned_away)
    return done


def _begun(
    path: Path, header: Sequence[str], target: Target, cells: Sequence[Cell], engine: object
) -> Imported:
    taken = {each.position for each in cells}
    ours = (quarantine.LINE, quarantine.REASON)
    left_out = [n for i, n in enumerate(header) if i not in taken and n not in ours]
    none_yet = None if engine is None else 0
    return Imported(
        file=str(path),
        table=target.name,
        columns=[each.name for each in cells],
        left_out=left_out,
        stored=none_yet,
        present=none_yet,
    )


def _matched(path: Path, header: Sequence[str], target: Target) -> list[Cell]:
    """The cells to take, by the names in the header; raises InvalidInputError."""
    positions: dict[str, int] = {}
    for position, name in enumerate(header):
        if positions.setdefault(name.lower(), position) != position and name.lower() in (
            target.columns
        ):
            raise InvalidInputError(f"{path} has the column {name} twice.")
    missing = [name for name in target.needed if name not in positions]
    if missing:
        raise InvalidInputError(
            f"{path} has no column {', '.join(missing)}; "
            f"{target.name} needs {', '.join(target.needed)}."
        )
    return [
        cell(target.table.columns[name], positions[name])
        for name in target.columns
        if name in positions
    ]


def _sound(
    found: Iterable[Record],
    width: int,
    cells: Sequence[Cell],
    rejected: Rejected,
    done: Imported,
) -> Iterator[tuple[Any, ...]]:
    """The values of rows that can be read; the others are turned away."""
    for record in found:
        done.rows += 1
        if record.cells is None:
            rejected.add(record, UNCLOSED)
        elif len(record.cells) != width:
            rejected.add(record, CUT if len(record.cells) < width else _TOO_MANY)
        else:
            try:
                values = values_of(record.cells, cells)
            except FaultyCellError as exc:
                rejected.add(record, str(exc))
            else:
                yield values


def _batches(rows: Iterator[tuple[Any, ...]], batch_rows: int) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == batch_rows:
            yield batch
            batch = []
    if batch:
        yield batch


def _store(engine: "Engine", target: Target, done: Imported, batch: list[tuple[Any, ...]]) -> None:
    from db.importing.writing import store

    with engine.begin() as connection:
        added = store(connection, target, done.columns, batch)
    done.stored = (done.stored or 0) + added
    done.present = (done.present or 0) + len(batch) - added


def _tell(done: Imported, rejected: Rejected) -> None:
    done.reasons = rejected.reasons
    done.rejected = rejected.count
    done.rejected_file = None if rejected.file is None else str(rejected.file)
