"""A conversion from beginning to end: each phase is entered once it is true, so any run continues.

`url` is a postgresql:// URL of a role that owns the table. A run may be killed at any point and
called again.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import URL

from db import syncing
from db.convert import blueprint, facts, obstacles, reconcile, shadow, state, verification, windows
from db.convert import pair as pairs
from db.convert import swap as swapping
from db.convert.cleanup import sweep
from db.convert.copying import copy_window
from db.convert.ending import abandon
from db.convert.errors import BlockedError
from db.convert.gate import gated
from db.convert.model import (
    Direction,
    Job,
    OnProgress,
    Phase,
    Progress,
    Result,
    RunOptions,
    TargetIndex,
)
from db.convert.session import Connection, connect, controlling, fetching, install
from db.convert.workers import Tally, run_workers, working
from db.timescale.converter import Conversion

_HELD_LOOK_S = 0.5


@dataclass
class _Run:
    """One process's part in a conversion."""

    url: URL
    connection: Connection
    job: Job
    options: RunOptions
    on_progress: OnProgress
    began: float = field(default_factory=time.monotonic)
    rows: int = 0
    swap_ms: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    url: URL,
    conversion: Conversion,
    *,
    direction: Direction = "to_hypertable",
    options: RunOptions | None = None,
    on_progress: OnProgress | None = None,
) -> Result:
    """Convert a table while it is in use, or continue where an earlier run was stopped.

    Returns once the new table is in place, or held, or the rehearsal is over. Raises BlockedError
    when something must be cleared first, MismatchError when the sides differ, BusyError when a
    lock could not be had; in each case the table is in use as before.
    """
    chosen = options or RunOptions()
    with connect(url) as connection:
        install(connection)
        job = _open(connection, conversion, direction, chosen)
        places = syncing.file_systems(fetching(connection))
        with controlling(connection, job.id), syncing.synced(places):
            this = _Run(
                url=url,
                connection=connection,
                job=_adjusted(connection, state.load(connection, job.id), chosen),
                options=chosen,
                on_progress=on_progress or (lambda progress: None),
            )
            _advance(this)
            return _result(this)


def _adjusted(connection: Connection, job: Job, options: RunOptions) -> Job:
    if options.hold_swap is None and options.throttle is None:
        return job
    return state.adjust(connection, job, hold_swap=options.hold_swap, throttle=options.throttle)


def _open(
    connection: Connection, conversion: Conversion, direction: Direction, options: RunOptions
) -> Job:
    """The conversion to continue, or a new one."""
    table = facts.named(connection, conversion.spec.table)
    found = state.open_job(connection, table.schema, table.name)
    if found is not None:
        if found.direction != direction:
            raise BlockedError(
                f"{found.label} is being converted the other way (phase {found.phase}); "
                "`undo` or `finish` that first."
            )
        return found
    if table.is_hypertable == (direction == "to_hypertable"):
        wanted = "a hypertable" if table.is_hypertable else "a plain table"
        raise BlockedError(f"{table.schema}.{table.name} is {wanted} already.")
    obstacles.require_none(connection, table)
    sweep(connection, table.schema, table.name)
    drawn = blueprint.draw(table, conversion, direction, options)
    key = (table.schema, table.name)
    return state.begin(connection, key, direction, conversion, drawn, options)


def _advance(this: _Run) -> None:
    steps: dict[Phase, Callable[[_Run], None]] = {
        Phase.PREPARING: _prepare,
        Phase.CAPTURING: _capture,
        Phase.COPYING: _copy,
        Phase.INDEXING: _index,
        Phase.VERIFYING: _verify,
        Phase.READY: _take_over,
    }
    while this.job.phase in steps:
        phase = this.job.phase
        began = time.monotonic()
        steps[phase](this)
        this.seconds[phase] = this.seconds.get(phase, 0.0) + time.monotonic() - began
        if this.job.phase == phase:
            return
    if this.job.phase is Phase.SWAPPED:
        swapping.tidy(this.connection, this.job)
        if this.job.direction == "to_plain":
            reconcile.bring_back(this.connection, this.job)


def _prepare(this: _Run) -> None:
    this.job = shadow.create(this.connection, this.job)


def _capture(this: _Run) -> None:
    this.job = shadow.start_capture(this.connection, this.job)


def _copy(this: _Run) -> None:
    windows.plan_windows(this.connection, this.job)
    done_before = state.copied(this.connection, this.job.id)["rows"]
    live = facts.named(this.connection, this.job.live.as_string(this.connection))
    total = max(live.estimated_rows, done_before)
    this.rows = run_workers(
        this.url,
        this.job,
        copy_window,
        this.options.workers,
        _reporter(this, "copying", done_before, total),
    )
    pair = pairs.forward(this.connection, this.job)
    with this.connection.transaction():
        reconcile.quarantine_unplaceable(this.connection, pair)
        reconcile.log_infinite(this.connection, pair)
        this.job = state.enter(this.connection, this.job, Phase.INDEXING)


def _index(this: _Run) -> None:
    for index in shadow.missing_indexes(this.connection, this.job):
        _build(this, index)
        state.note(this.connection, this.job.id, "index", name=index.name)
    this.job = state.enter(this.connection, this.job, Phase.VERIFYING)


def _build(this: _Run, index: TargetIndex) -> None:
    """Build one index of the new table, over a hypertable chunk by chunk as the limits allow."""
    table = facts.named(this.connection, this.job.shadow.as_string(this.connection))
    tally = Tally()
    with working(this.url, this.job, tally) as worker:

        def before_each(chunk: int, chunks: int) -> None:
            def told(reason: str | None) -> None:
                note = f"{index.name}, waiting: {reason}" if reason else index.name
                this.on_progress(Progress("indexing", chunk, chunks, note=note))

            worker.did(0)
            worker.turn(told)

        with gated(this.url, this.connection, table.oid, before_each, tally.stop):
            shadow.build_index(this.connection, this.job, index)


def _verify(this: _Run) -> None:
    _catch_up(this)
    total = state.copied(this.connection, this.job.id)["rows"]
    with ThreadPoolExecutor(max_workers=1) as beside:
        analyzed = beside.submit(shadow.analyze, this.url, this.job)
        run_workers(
            this.url,
            this.job,
            verification.verify_window,
            this.options.workers,
            _reporter(this, "verifying", 0, total),
        )
        this.on_progress(Progress("analyzing", 0, 1))
        analyzed.result()
    this.job = state.enter(this.connection, this.job, Phase.READY)


def _catch_up(this: _Run) -> None:
    pair = pairs.forward(this.connection, this.job)
    reconcile.prepare(this.connection, pair)
    applied = reconcile.apply_all(this.connection, pair)
    if applied:
        state.note(this.connection, this.job.id, "changes applied", entries=applied)


def _take_over(this: _Run) -> None:
    if this.job.rehearsal:
        _catch_up(this)
        abandon(this.connection, this.job)
        this.job = state.load(this.connection, this.job.id)
        return
    while this.job.hold_swap:
        this.on_progress(Progress("holding", 0, 0, note="in step, waiting for `swap`"))
        _catch_up(this)
        time.sleep(_HELD_LOOK_S)
        this.job = state.load(this.connection, this.job.id)
    if not this.options.quarantines:
        state.require_none_quarantined(this.connection, this.job)
    this.job, this.swap_ms = swapping.swap(this.connection, this.job)


def _reporter(
    this: _Run, phase: str, done_before: int, total: int
) -> Callable[[int, str | None], None]:
    began = time.monotonic()

    def report(rows: int, waiting_for: str | None) -> None:
        elapsed_s = time.monotonic() - began
        rate = rows / elapsed_s if rows and elapsed_s else None
        left = max(total - done_before - rows, 0)
        this.on_progress(
            Progress(
                phase=phase,
                rows=done_before + rows,
                total_rows=max(total, done_before + rows),
                rows_per_s=rate,
                seconds_left=left / rate if rate else None,
                note=f"waiting: {waiting_for}" if waiting_for else "",
            )
        )

    return report


def _result(this: _Run) -> Result:
    return Result(
        conversion_id=this.job.id,
        table=this.job.label,
        direction=this.job.direction,
        phase=this.job.phase,
        rows=this.rows,
        seconds=time.monotonic() - this.began,
        swap_ms=this.swap_ms,
        quarantined=sum(row["rows"] for row in state.quarantined(this.connection, this.job.id)),
        phase_seconds=dict(this.seconds),
    )
