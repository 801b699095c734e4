"""Which roles and rights are missing, and giving them: after each upgrade, and by hand."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from db.roles.declared import (
    INNER_SCHEMAS,
    OWNER,
    READER,
    ROLES,
    ROUTINES,
    SCHEMAS,
    WRITER,
    rights,
)
from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.sqltext import named_statements, raw
from db.timescale.statements import execute

# no right, or no room for another; somebody else was first
_REFUSED = ("42501",)
_DONE_MEANWHILE = ("42710", "23505", "XX000")


@dataclass(frozen=True, slots=True)
class Role:
    """One of the roles as the cluster has it; `members` are who signs in with its rights."""

    name: str
    is_there: bool
    is_mighty: bool
    members: tuple[str, ...]


def roles(connection: Connection) -> list[Role]:
    """All roles, those that are missing too."""
    rows = connection.execute(_statement("roles"), {"names": list(ROLES)})
    return [Role(row.name, row.is_there, row.is_mighty, tuple(row.members or ())) for row in rows]


def missing_roles(connection: Connection) -> list[str]:
    """What makes the roles that are not there."""
    return [creation(role.name) for role in roles(connection) if not role.is_there]


def creation(name: str) -> str:
    """The statement that makes a role; jobs of TimescaleDB run as who owns what they are for."""
    return f"CREATE ROLE {name} {'LOGIN' if name == OWNER else 'NOLOGIN'}"


def missing_rights(connection: Connection) -> list[str]:
    """What gives the rights that roles which are there lack in this database."""
    return [*memberships(connection), *_missing_here(connection)]


def memberships(connection: Connection) -> list[str]:
    """What makes a reader of each role that writes."""
    others = [name for name in ROLES if name not in (OWNER, READER)]
    return _found(connection, "memberships", reader=READER, others=others)


def bring_up(connection: Connection) -> list[str]:
    """Make the missing roles and give the missing rights; what remains for an administrator.

    Roles belong to the whole cluster: without the right to make them, and where nobody has, the
    database goes on as before, and what is left to do comes back as statements.
    """
    left = [each for each in missing_roles(connection) if not _done(connection, each)]
    left += [each for each in memberships(connection) if not _done(connection, each)]
    for statement in _missing_here(connection):
        with_lock_retries(connection, partial(execute, connection, raw(statement)), LockPolicy())
        # a right more or less is whole in itself, and nobody waits for what it locks
        connection.commit()
    return left


def _missing_here(connection: Connection) -> list[str]:
    """Statements that the owner of this database's tables may run."""
    wanted = list(rights())
    lists = {
        "roles": [right.role for right in wanted],
        "relations": [right.relation for right in wanted],
        "privileges": [right.privilege for right in wanted],
        "columns": [", ".join(right.columns) for right in wanted],
    }
    adding = [right for right in wanted if right.privilege == "INSERT"]
    return [
        *_found(connection, "schemas", reader=READER, schemas=list(SCHEMAS)),
        *_found(connection, "inner_relations", reader=READER, schemas=list(INNER_SCHEMAS)),
        *_found(connection, "relations", **lists),
        *_found(
            connection, "routines", reader=READER, schemas=list(SCHEMAS), routines=list(ROUTINES)
        ),
        *_found(connection, "edge_sequences", writer=WRITER),
        *_found(
            connection,
            "sequences",
            roles=[right.role for right in adding],
            relations=[right.relation for right in adding],
        ),
    ]


def _done(connection: Connection, statement: str) -> bool:
    """Whether it is done now, by us or by a migration of another database at the same time."""
    try:
        with connection.begin_nested():
            execute(connection, raw(statement))
        connection.commit()
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _REFUSED:
            return False
        if state not in _DONE_MEANWHILE:
            raise
    return True


def _found(connection: Connection, name: str, **binds: object) -> list[str]:
    return list(connection.scalars(_statement(name), binds))


def _statement(name: str) -> TextClause:
    return text(named_statements("db.roles", "roles.sql")[name])
