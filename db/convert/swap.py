"""The one moment at which the new table takes the old one's place, and the way back.

Everything that can be done before the lock is done before; under it there are catalog entries to
change and a few rows to bring in step. It all happens in one transaction or not at all.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from psycopg import sql

from db.convert import capture, carry, chunks, facts, news, obstacles, reconcile, state
from db.convert import pair as pairs
from db.convert.errors import BlockedError, BusyError
from db.convert.facts import TableFacts
from db.convert.model import Job, Phase
from db.convert.pair import Pair
from db.convert.session import Connection, Row, catalog, one, run_together, with_lock

# what may be left for the locked moment: a few hundred rows take single milliseconds
_LAST_ROWS = 200
_ROUNDS = 50


# what the statements of a swap are made from, so that a change before it does no harm
_READ_AT_THE_SWAP = {"triggers", "publications", "views and what else uses it"}


class _ChangedError(Exception):
    """Somebody changed the table since the statements of the swap were made."""


class _NotYetError(Exception):
    """Writers were faster than the last batch: the attempt is given up, the lock released."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Move:
    """One change of places, prepared: the statements that make it, all that runs under the lock."""

    live: TableFacts
    fingerprint: dict[str, str]
    pair: Pair
    statements: tuple[sql.Composable, ...]
    phase: Phase


def swap(connection: Connection, job: Job) -> tuple[Job, float]:
    """Put the new table in place; returns the job and how long the lock was held, in ms."""
    chunks.create_coming(connection, job)
    _install_reverse_capture(connection, job)
    return _make(connection, job, lambda: _forward(connection, job))


def _forward(connection: Connection, job: Job) -> _Move:
    live = facts.named(connection, job.live.as_string(connection))
    found = facts.fingerprint(connection, live.oid)
    _require_unchanged(connection, job, found)
    obstacles.require_none(connection, live)
    carry.replica_identity(connection, live, job.shadow)
    return _Move(
        live=live,
        fingerprint=found,
        pair=pairs.forward(connection, job),
        statements=tuple(_change_places(connection, job, live, job.shadow, job.old_schema)),
        phase=Phase.SWAPPED,
    )


def swap_back(connection: Connection, job: Job) -> tuple[Job, float]:
    """Put the old table back, with every change since; returns as `swap` does."""
    return _make(connection, job, lambda: _backward(connection, job))


def _backward(connection: Connection, job: Job) -> _Move:
    live = facts.named(connection, job.live.as_string(connection))
    found = facts.fingerprint(connection, live.oid)
    news.require_none(connection, job, live)
    tidy(connection, job)
    restore_defaults(connection, job, live)
    return _Move(
        live=live,
        fingerprint=found,
        pair=pairs.backward(connection, job),
        # triggers of the new table go with it: on a hypertable each chunk has its own to drop
        statements=tuple(_change_places(connection, job, live, job.replaced, job.new_schema)),
        phase=Phase.UNDONE,
    )


def let_go(connection: Connection, job: Job) -> Job:
    """Give up the way back: the new table is logged no more."""

    def attempt() -> Job:
        run_together(connection, capture.drop_trigger_statements(job, "changes_since", job.live))
        return state.enter(connection, job, Phase.FINISHED)

    return with_lock(connection, attempt)


def stop_capture(connection: Connection, job: Job) -> Job:
    """Give up before the swap: the live table is logged no more."""

    def attempt() -> Job:
        run_together(connection, capture.drop_trigger_statements(job, "changes", job.live))
        return state.enter(connection, job, Phase.UNDONE)

    return with_lock(connection, attempt)


def _make(connection: Connection, job: Job, prepared: Callable[[], _Move]) -> tuple[Job, float]:
    """Bring both sides close, then try to change places, until nobody came between.

    A table that was changed since the statements were made has them made anew.
    """
    move = prepared()
    reconcile.prepare(connection, move.pair)
    for _ in range(_ROUNDS):
        reconcile.apply_all(connection, move.pair)
        try:
            began = with_lock(connection, partial(_take_over, connection, job, move))
        except _NotYetError:
            continue
        except _ChangedError:
            move = prepared()
            continue
        held_ms = (time.perf_counter() - began) * 1000
        state.note(connection, job.id, "swap", phase=move.phase, held_ms=round(held_ms, 2))
        return state.load(connection, job.id), held_ms
    raise BusyError(
        "Writers were always faster than the last batch of changes; throttle them for a moment "
        "and run this again."
    )


def _take_over(connection: Connection, job: Job, move: _Move) -> float:
    """Everything that happens under the lock; returns when it was had (time.perf_counter)."""
    if reconcile.backlog(connection, move.pair, _LAST_ROWS) >= _LAST_ROWS:
        raise _NotYetError
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(job.live))
    began = time.perf_counter()
    if facts.fingerprint(connection, move.live.oid) != move.fingerprint:
        raise _ChangedError
    try:
        reconcile.apply_batch(connection, move.pair, 2 * _LAST_ROWS, may_scan=False)
    except reconcile.RescanNeededError as error:
        raise _NotYetError from error
    if reconcile.backlog(connection, move.pair, 1):
        raise _NotYetError
    run_together(connection, move.statements)
    state.set_phase(connection, job, move.phase)
    return began


def _change_places(
    connection: Connection,
    job: Job,
    live: TableFacts,
    arriving: sql.Identifier,
    leaving_schema: str,
) -> Iterator[sql.Composable]:
    """The statements by which `arriving` becomes the live table and the live one leaves."""
    left = sql.Identifier(leaving_schema, job.table_name)
    sequences = catalog(connection, "owned_sequences", oid=live.oid)
    for row in sequences:
        yield sql.SQL("ALTER SEQUENCE {} OWNED BY NONE").format(_sequence(row))
    move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
    yield move.format(job.live, sql.Identifier(leaving_schema))
    yield move.format(arriving, sql.Identifier(job.table_schema))
    for row in sequences:
        owner = sql.Identifier(job.table_schema, job.table_name, row["column_name"])
        yield sql.SQL("ALTER SEQUENCE {} OWNED BY {}").format(_sequence(row), owner)
    yield from carry.view_statements(connection, live.oid)
    yield from carry.trigger_statements(connection, live, arriving, left, job.live)
    yield from carry.publication_statements(connection, live.oid, left, job.live)


def tidy(connection: Connection, job: Job) -> None:
    """After the swap the replaced table is logged no more and lets go of sequences.

    Nobody uses it, so this needs no lock that anyone would miss.
    """
    run_together(connection, capture.drop_trigger_statements(job, "changes", job.replaced))
    live = facts.named(connection, job.live.as_string(connection))
    replaced = facts.named(connection, job.replaced.as_string(connection))
    for row in catalog(connection, "owned_sequences", oid=live.oid):
        if replaced.column(row["column_name"]).default_expression is not None:
            connection.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT").format(
                    job.replaced, sql.Identifier(row["column_name"])
                )
            )


def restore_defaults(connection: Connection, job: Job, live: TableFacts) -> None:
    """The replaced table gets back what `tidy` took."""
    for row in catalog(connection, "owned_sequences", oid=live.oid):
        default = live.column(row["column_name"]).default_expression
        if default is not None:
            connection.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}").format(
                    job.replaced, sql.Identifier(row["column_name"]), sql.SQL(default)
                )
            )


def _sequence(row: Row) -> sql.Identifier:
    return sql.Identifier(row["schema"], row["name"])


def _install_reverse_capture(connection: Connection, job: Job) -> None:
    """From the swap on, changes of the new table are logged for the way back."""
    shadow = facts.named(connection, job.shadow.as_string(connection))
    license_ = one(connection, "SELECT current_setting('timescaledb.license') AS l")["l"]
    with connection.transaction():
        run_together(connection, capture.drop_trigger_statements(job, "changes_since", job.shadow))
        connection.execute(sql.SQL("TRUNCATE {}").format(job.own("changes_since")))
        capture.create_triggers(
            connection,
            job,
            "changes_since",
            job.shadow,
            # the columnstore may be enabled later, while the way back is still open
            deletes_by_row=shadow.is_hypertable and license_ != "apache",
        )


def _require_unchanged(connection: Connection, job: Job, found: Mapping[str, str]) -> None:
    """Raises BlockedError when the new table is made after what the live one is no more."""
    kept = state.kept_fingerprint(connection, job)
    parts = {part for part in {*kept, *found} if kept.get(part) != found.get(part)}
    changed = sorted(parts - _READ_AT_THE_SWAP)
    if kept and changed:
        raise BlockedError(
            f"The {', '.join(changed)} of {job.label} were changed while it was converted; `undo` "
            "the conversion and run it again."
        )
