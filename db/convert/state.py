"""Conversions as rows: begin, load, advance, and the audit trail."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from db.convert import request
from db.convert.errors import BlockedError, ConversionError
from db.convert.model import Blueprint, Direction, Job, Phase, RunOptions, Throttle
from db.convert.session import Connection, Row, one
from db.timescale.converter import Conversion

WAITING, GOING_ON = "waiting", "going on"
"""Steps of the audit trail: the workers of a run wait for something, and no longer."""
_JOB = b"""
    SELECT id,
           table_schema,
           table_name,
           direction,
           phase,
           blueprint,
           throttle,
           paused,
           hold_swap,
           rehearsal,
           place
    FROM oi_convert.conversion
"""


def _job(row: Row) -> Job:
    return Job(
        **{
            **row,
            "phase": Phase(row["phase"]),
            "blueprint": Blueprint.from_json(row["blueprint"]),
            "throttle": Throttle.from_json(row["throttle"]),
        }
    )


def load(connection: Connection, conversion_id: int) -> Job:
    """The conversion of that id as it stands now; raises ConversionError where there is none."""
    row = connection.execute(_JOB + b"WHERE id = %s", [conversion_id]).fetchone()
    if row is None:
        raise ConversionError(f"There is no conversion {conversion_id} in this database.")
    return _job(row)


def open_job(connection: Connection, schema: str, name: str) -> Job | None:
    """The conversion of a table that is neither finished nor undone."""
    condition = b"WHERE table_schema = %s AND table_name = %s AND ended_at IS NULL"
    row = connection.execute(_JOB + condition, [schema, name]).fetchone()
    return _job(row) if row else None


def last_request(connection: Connection, schema: str, name: str) -> Conversion | None:
    """What the last finished conversion of a table into a hypertable was asked for."""
    row = connection.execute(
        """
        SELECT request
        FROM oi_convert.conversion
        WHERE table_schema = %s
          AND table_name = %s
          AND direction = 'to_hypertable'
          AND phase = 'finished'
        ORDER BY id DESC
        LIMIT 1
        """,
        [schema, name],
    ).fetchone()
    return request.from_json(row["request"]) if row else None


def all_jobs(connection: Connection) -> list[Job]:
    """Every conversion this database knows, newest first."""
    return [_job(row) for row in connection.execute(_JOB + b"ORDER BY id DESC").fetchall()]


def begin(
    connection: Connection,
    table: tuple[str, str],
    direction: Direction,
    conversion: Conversion,
    blueprint: Blueprint,
    options: RunOptions,
) -> Job:
    """A new conversion in its first phase."""
    row = one(
        connection,
        """
        INSERT INTO oi_convert.conversion
            (table_schema, table_name, direction, phase, request, blueprint, throttle, hold_swap,
             rehearsal)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        RETURNING id
        """,
        [
            *table,
            direction,
            Phase.PREPARING,
            Jsonb(request.as_json(conversion)),
            Jsonb(blueprint.as_json()),
            Jsonb((options.throttle or Throttle()).as_json()),
            bool(options.hold_swap),
            options.rehearsal,
        ],
    )
    _place(connection, row["id"])
    note(connection, row["id"], "begin", direction=direction)
    return load(connection, row["id"])


def _place(connection: Connection, conversion_id: int) -> None:
    """Schemas of its own where tables of another schema are at work, or left some behind."""
    connection.execute(
        """
        UPDATE oi_convert.conversion AS c
        SET place = '_' || c.id
        WHERE c.id = %s
          AND EXISTS (
              SELECT
              FROM oi_convert.conversion o
              WHERE o.table_schema <> c.table_schema
                AND NOT EXISTS (
                    SELECT
                    FROM oi_convert.event e
                    WHERE e.conversion_id = o.id
                      AND e.step = 'cleaned up'
                )
          )
        """,
        [conversion_id],
    )


def keep_fingerprint(connection: Connection, job: Job, found: Mapping[str, str]) -> None:
    """Remember what the table was when the new one was made after it."""
    connection.execute(
        "UPDATE oi_convert.conversion SET fingerprint = %s WHERE id = %s", [Jsonb(found), job.id]
    )


def kept_fingerprint(connection: Connection, job: Job) -> Mapping[str, str]:
    """What `keep_fingerprint` was told."""
    query = "SELECT fingerprint FROM oi_convert.conversion WHERE id = %s"
    kept: Mapping[str, str] | None = one(connection, query, [job.id])["fingerprint"]
    return kept or {}


def enter(connection: Connection, job: Job, phase: Phase) -> Job:
    """Record that the conversion is in `phase` now and return it so."""
    set_phase(connection, job, phase)
    return load(connection, job.id)


def set_phase(connection: Connection, job: Job, phase: Phase) -> None:
    """Record that the conversion is in `phase` now; part of the caller's transaction."""
    connection.execute(
        """
        UPDATE oi_convert.conversion
        SET phase = %(phase)s,
            swapped_at = CASE WHEN %(phase)s = 'swapped' THEN clock_timestamp() ELSE swapped_at END,
            ended_at = CASE
                WHEN %(phase)s IN ('finished', 'undone') THEN clock_timestamp()
            END
        WHERE id = %(id)s
        """,
        {"phase": phase, "id": job.id},
    )
    note(connection, job.id, "phase", phase=phase)


def adjust(
    connection: Connection,
    job: Job,
    *,
    paused: bool | None = None,
    hold_swap: bool | None = None,
    throttle: Throttle | None = None,
) -> Job:
    """Change how the conversion runs, also while it does; None leaves a setting alone."""
    connection.execute(
        """
        UPDATE oi_convert.conversion
        SET paused = coalesce(%s, paused),
            hold_swap = coalesce(%s, hold_swap),
            throttle = coalesce(%s, throttle)
        WHERE id = %s
        """,
        [paused, hold_swap, None if throttle is None else Jsonb(throttle.as_json()), job.id],
    )
    changed = {"paused": paused, "hold_swap": hold_swap}
    shown = {name: value for name, value in changed.items() if value is not None}
    if throttle is not None:
        shown["throttle"] = throttle.as_json()  # type: ignore[assignment]
    note(connection, job.id, "adjust", **shown)
    return load(connection, job.id)


def note(connection: Connection, conversion_id: int, step: str, **detail: object) -> None:
    """One line of the audit trail."""
    connection.execute(
        "INSERT INTO oi_convert.event (conversion_id, step, detail) VALUES (%s, %s, %s)",
        [conversion_id, step, Jsonb(detail)],
    )


def waiting_for(connection: Connection, conversion_id: int) -> str | None:
    """What the workers of a run were last said to wait for; None when they went on since."""
    row = connection.execute(
        """
        SELECT detail ->> 'reason' AS reason
        FROM oi_convert.event
        WHERE conversion_id = %s
          AND step IN (%s, %s)
        ORDER BY id DESC
        LIMIT 1
        """,
        [conversion_id, WAITING, GOING_ON],
    ).fetchone()
    return row["reason"] if row else None


def events(connection: Connection, conversion_id: int) -> list[Row]:
    """The audit trail of one conversion, oldest first."""
    return connection.execute(
        """
        SELECT happened_at,
               step,
               detail
        FROM oi_convert.event
        WHERE conversion_id = %s
        ORDER BY id
        """,
        [conversion_id],
    ).fetchall()


def quarantined(connection: Connection, conversion_id: int) -> list[Row]:
    """How many rows were kept out of the new table, by reason."""
    return connection.execute(
        """
        SELECT reason,
               count(*) AS rows,
               min(key::TEXT) AS example
        FROM oi_convert.quarantine
        WHERE conversion_id = %s
        GROUP BY reason
        ORDER BY count(*) DESC, reason
        """,
        [conversion_id],
    ).fetchall()


def require_none_quarantined(connection: Connection, job: Job) -> None:
    """Raises BlockedError when a row was kept out of the new table; it says which and why."""
    found = quarantined(connection, job.id)
    if found:
        kinds = "; ".join(
            f"{row['rows']:,} × {row['reason']}, as {row['example']}" for row in found
        )
        raise BlockedError(
            f"{job.label} holds rows that the new table cannot hold ({kinds}); it is as before. "
            "Correct or delete them and run this again, or let them be kept apart in "
            "oi_convert.quarantine: alembic -x quarantine=allow upgrade head."
        )


def copied(connection: Connection, conversion_id: int) -> Row:
    """Windows and rows done so far: windows, copied, verified, rows."""
    return one(
        connection,
        """
        SELECT count(*) AS windows,
               count(copied_at) AS copied,
               count(verified_at) AS verified,
               coalesce(sum(copied_rows), 0)::BIGINT AS rows
        FROM oi_convert.task
        WHERE conversion_id = %s
        """,
        [conversion_id],
    )
