"""Handing a database over to the owner's role, so that no superuser is needed from then on.

Owning goes with the role, not with who signs in as its member: whatever a member makes belongs to
the role (`db.roles.logins`). It may sign in, without a password, as TimescaleDB's jobs run as the
owner of what they are for.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, TextClause, text

from db.baseline.tables import metadata as legacy
from db.roles.declared import OWNER, ROUTINES, SCHEMAS
from db.schema import metadata
from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.specs import ArchivePolicy, RollupSpec, declared
from db.timescale.sqltext import named_statements, raw
from db.timescale.statements import execute


def is_handed_over(connection: Connection) -> bool:
    """Whether this database's migrations belong to the owner's role."""
    return bool(connection.scalar(_named("owner_of_revision")) == OWNER)


def steps(connection: Connection) -> list[list[str]]:
    """What does not belong to the owner's role yet: for each the statements that hand it over."""
    views = [spec.name for spec in declared(metadata, RollupSpec)]
    views += [spec.history_view for spec in declared(metadata, ArchivePolicy) if spec.history_view]
    found = connection.scalars(
        _named("ownership"),
        {
            "owner": OWNER,
            "schemas": list(SCHEMAS),
            "relations": [*metadata.tables, *views, "alembic_version"],
            "old": list(legacy.tables),
            "routines": list(ROUTINES),
        },
    )
    return list(found)


def hand_over(connection: Connection) -> int:
    """Let the role own everything of ours here, one object after another; how many there were.

    It goes on beside readers and writers, and where it is cut short, the next time.
    """
    wanted = steps(connection)
    for statements in wanted:
        with_lock_retries(connection, partial(_take, connection, statements), LockPolicy())
        # each is whole in itself
        connection.commit()
    return len(wanted)


def _take(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        execute(connection, raw(statement))


def _named(name: str) -> TextClause:
    return text(named_statements("db.roles", "roles.sql")[name])
