"""Progress on stderr: a bar for people, nothing for a pipe."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


@contextlib.contextmanager
def progress() -> Iterator["Progress"]:
    """A rich progress display on stderr that leaves no trace when it is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as display:
        yield display


@contextlib.contextmanager
def steps(description: str, total: int) -> Iterator[Callable[..., None]]:
    """One bar; call the yielded function after each step, with a new description if it changes."""
    with progress() as display:
        task = display.add_task(description, total=total)

        def advance(description: str | None = None, steps: int = 1) -> None:
            if description:
                display.update(task, description=description)
            display.advance(task, steps)

        yield advance
