"""How a conversion ends: the way back, letting go of it, and comparing both sides once more."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL

from db.convert import facts, reconcile, state, verification, windows
from db.convert import pair as pairs
from db.convert import swap as swapping
from db.convert.cleanup import drop_leftovers
from db.convert.errors import ConversionError
from db.convert.model import BEFORE_SWAP, Job, OnProgress, Phase, Progress, Throttle
from db.convert.session import Connection, connect, controlling, install


@contextmanager
def _held(url: URL, table: str) -> Iterator[tuple[Connection, Job]]:
    """The open conversion of a table, under this process's control."""
    with connect(url) as connection:
        install(connection)
        job = open_conversion(connection, table)
        with controlling(connection, job.id):
            yield connection, state.load(connection, job.id)


def open_conversion(connection: Connection, table: str) -> Job:
    """The conversion of a table that is neither finished nor undone; raises ConversionError."""
    found = facts.named(connection, table)
    job = state.open_job(connection, found.schema, found.name)
    if job is None:
        raise ConversionError(f"No conversion of {table} is open in this database.")
    return job


def undo(url: URL, table: str, on_progress: OnProgress | None = None) -> Job:
    """Before the swap: give the conversion up. After it: put the old table back, in step.

    Raises BlockedError when something was built on the new table since.
    """
    with _held(url, table) as (connection, job):
        if job.phase in BEFORE_SWAP:
            return abandon(connection, job)
        if on_progress:
            on_progress(Progress("bringing the old table in step", 0, 0))
        pair = pairs.backward(connection, job)
        reconcile.prepare(connection, pair)
        reconcile.apply_all(connection, pair)
        job, _ = swapping.swap_back(connection, job)
        drop_leftovers(connection, job)
        return job


def adjust(
    url: URL,
    table: str,
    *,
    paused: bool | None = None,
    hold_swap: bool | None = None,
    throttle: Throttle | None = None,
) -> Job:
    """Change how a conversion runs, while it does or before it goes on; None changes nothing."""
    with connect(url) as connection:
        install(connection)
        job = open_conversion(connection, table)
        return state.adjust(connection, job, paused=paused, hold_swap=hold_swap, throttle=throttle)


def finish(url: URL, table: str) -> Job:
    """Drop the replaced table; from here on the way back is a conversion of its own.

    Raises ConversionError before the swap.
    """
    with _held(url, table) as (connection, job):
        if job.phase is not Phase.SWAPPED:
            raise ConversionError(
                f"{job.label} is not converted yet (phase {job.phase}); run it to the swap first."
            )
        job = swapping.let_go(connection, job)
        drop_leftovers(connection, job)
        return job


def verify(url: URL, table: str, on_progress: OnProgress | None = None) -> int:
    """Compare both sides again, before or after the swap; returns rows compared.

    Raises MismatchError, naming the first window that differs.
    """
    report = on_progress or (lambda progress: None)
    with _held(url, table) as (connection, job):
        after = job.phase is Phase.SWAPPED
        pair = pairs.backward(connection, job) if after else pairs.forward(connection, job)
        reconcile.prepare(connection, pair)
        reconcile.apply_all(connection, pair)
        total = state.copied(connection, job.id)["rows"]
        rows = 0
        for start, end in windows.compared(connection, job):
            rows += verification.compare(connection, pair, start, end)["source_rows"]
            report(Progress("verifying", rows, max(total, rows)))
        state.note(connection, job.id, "verified", rows=rows)
        return rows


def abandon(connection: Connection, job: Job) -> Job:
    """Give a conversion up before its swap: capture, logs and the new table go."""
    job = swapping.stop_capture(connection, job)
    drop_leftovers(connection, job)
    return job
