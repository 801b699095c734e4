"""Filling rollups from what their sources hold: in steps that commit, so that a crash costs one.

https://docs.tigerdata.com/api/latest/continuous-aggregates/refresh_continuous_aggregate/
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, text

from db.timescale.progress import progress
from db.timescale.sqltext import Fragment, compose, literal, raw, regclass
from db.timescale.statements import execute

Report = Callable[[str], None]
# naive; as text where Python may have no such time
Instant = datetime | str

_IS_NATIVE = text("SELECT (timescale_engine.rollup_named(:name)).native AS native")
_STEP = text(
    "SELECT timescale_engine.refresh_step((timescale_engine.rollup_named(:name)).id) AS more"
)
# as text: Python has no datetime for -infinity, nor for years before Christ
_WATERMARK = text("SELECT (timescale_engine.rollup_named(:name)).watermark::text AS watermark")
_REBUILDING = text("SELECT r.name AS name FROM timescale_engine.rebuilding(:name) AS r (name)")
_IS_BEHIND = text("SELECT timescale_engine.is_behind(:name) AS is_behind")
_WINDOWS = text(
    """
    SELECT w.window_from::text AS window_from,
           w.window_to::text AS window_to,
           w.zoned AS zoned
    FROM timescale_engine.fill_windows(:name) AS w
    """
)
# newer versions refresh bucket by bucket unless told otherwise: fifty times as slow for a fill
_IN_ONE_PASS = raw(""", options => '{"buckets_per_batch": 0}'""")
HAS_OPTIONS = text(
    """
    SELECT EXISTS (
        SELECT
        FROM pg_catalog.pg_proc AS p
        WHERE p.proname = 'refresh_continuous_aggregate' AND 'options' = ANY (p.proargnames)
    ) AS has_options
    """
)


def is_native(connection: Connection, name: str) -> bool:
    """Whether a rollup is a continuous aggregate."""
    return bool(connection.execute(_IS_NATIVE, {"name": name}).scalar_one())


def rebuilding(connection: Connection, name: str) -> list[str]:
    """What is built beside a rollup and those that read it, to be filled; sources first."""
    return list(connection.execute(_REBUILDING, {"name": name}).scalars())


def needs_fill(connection: Connection, name: str) -> bool:
    """Whether the source of a rollup may hold rows that it has not taken."""
    if is_native(connection, name):
        return bool(connection.execute(_WINDOWS, {"name": name}).first())
    return bool(connection.execute(_IS_BEHIND, {"name": name}).scalar_one())


def _silently(line: str) -> None:
    pass


def fill(connection: Connection, name: str, report: Report = _silently) -> int:
    """Brings a rollup up to date with all its source holds; the steps it took.

    `connection` is in autocommit. `report` is told how far it got where there are several steps.
    Run again after an interruption it goes on; where nothing changed it does nothing.
    """
    with progress(f"{name}: filling"), unlimited(connection):
        if is_native(connection, name):
            return _fill_native(connection, name, report)
        return _fill_maintained(connection, name, report)


@contextmanager
def unlimited(connection: Connection) -> Iterator[None]:
    """No statement timeout on a connection in autocommit, for as long as the block runs."""
    before = connection.execute(text("SHOW statement_timeout")).scalar_one()
    set_timeout = text("SELECT set_config('statement_timeout', :value, false) AS value")
    connection.execute(set_timeout, {"value": "0"})
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.execute(set_timeout, {"value": before})


def _fill_maintained(connection: Connection, name: str, report: Report) -> int:
    steps = 1
    while connection.execute(_STEP, {"name": name}).scalar_one():
        steps += 1
        report(f"{name}: filled to {connection.execute(_WATERMARK, {'name': name}).scalar_one()}")
    return steps


def _fill_native(connection: Connection, name: str, report: Report) -> int:
    windows = connection.execute(_WINDOWS, {"name": name}).all()
    for window in windows:
        refresh_native(connection, name, window.window_from, window.window_to, window.zoned)
        if len(windows) > 1:
            report(f"{name}: filled to {window.window_to}")
    return len(windows)


def refresh_native(
    connection: Connection, name: str, window_from: Instant, window_to: Instant, zoned: bool
) -> None:
    """Refreshes one window in autocommit; naive times as text, UTC where the source's are zoned."""
    has_options = bool(connection.execute(HAS_OPTIONS).scalar_one())
    execute(connection, native_refresh(name, window_from, window_to, zoned, has_options))


def native_refresh(
    name: str, window_from: Instant, window_to: Instant, zoned: bool, has_options: bool
) -> Fragment:
    """The statement for it; `has_options` is what HAS_OPTIONS found."""
    return compose(
        "CALL refresh_continuous_aggregate({name}, {first}, {last}{options})",
        name=regclass(name),
        first=_instant(window_from, zoned),
        last=_instant(window_to, zoned),
        options=_IN_ONE_PASS if has_options else raw(""),
    )


def _instant(value: Instant, zoned: bool) -> Fragment:
    zone = " AT TIME ZONE 'UTC'" if zoned else ""
    return compose("TIMESTAMP {value}{zone}", value=literal(value), zone=raw(zone))
