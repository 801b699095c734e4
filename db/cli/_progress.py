"""A progress bar on stderr for conversions: rows per second and time left."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from db.cli._output import duration_text

if TYPE_CHECKING:
    from db.convert import Progress

_LINE_EVERY_S = 10.0


@contextmanager
def conversion_progress(table: str) -> "Iterator[Callable[[Progress], None]]":
    """Gives what a conversion reports to: a bar on a terminal, else a line every ten seconds."""
    if sys.stderr.isatty():
        with _bar(table) as report:
            yield report
    else:
        yield _lines(table)


@contextmanager
def _bar(table: str) -> "Iterator[Callable[[Progress], None]]":
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(table, total=None, detail="")

        def report(progress: "Progress") -> None:
            bar.update(
                task,
                description=f"{table} {progress.phase}",
                completed=progress.rows,
                total=progress.total_rows or None,
                detail=_detail(progress),
            )

        yield report


def _lines(table: str) -> "Callable[[Progress], None]":
    phase, said = "", 0.0

    def report(progress: "Progress") -> None:
        nonlocal phase, said
        now = time.monotonic()
        if progress.phase == phase and now - said < _LINE_EVERY_S:
            return
        phase, said = progress.phase, now
        print(f"{table} {progress.phase}: {_detail(progress)}", file=sys.stderr, flush=True)

    return report


def _detail(progress: "Progress") -> str:
    parts = []
    if progress.total_rows > 1:
        parts.append(f"{progress.rows:,} of {progress.total_rows:,}")
    if progress.rows_per_s:
        parts.append(f"{progress.rows_per_s:,.0f} rows/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration_text(progress.seconds_left)} left")
    if progress.note:
        parts.append(progress.note)
    return ", ".join(parts)
