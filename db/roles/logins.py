"""Accounts that sign in at the database with the rights of one role."""

from typing import TYPE_CHECKING, Any

from db.errors import InvalidInputError
from db.roles.declared import OWNER, READER, ROLES, WEB, WRITER
from db.roles.granting import creation

if TYPE_CHECKING:
    import psycopg

GROUPS = {"reader": READER, "writer": WRITER, "web": WEB, "owner": OWNER}
"""What an account may be for."""


def make_roles(session: "psycopg.Connection[Any]") -> None:
    """Make the roles that are missing, as who may; their rights come with the migrations."""
    known = {name for (name,) in session.execute("SELECT rolname FROM pg_roles")}
    for name in ROLES:
        if name not in known:
            session.execute(creation(name))


def keep_login(session: "psycopg.Connection[Any]", name: str, password: str, group: str) -> None:
    """Let an account sign in with a password, as a member of one role and of nothing else of ours.

    An account that is there already gets the password. Raises InvalidInputError for one that may
    do more than a member of a role should.
    """
    from psycopg import sql

    account = sql.Identifier(name)
    found = session.execute(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication"
        " FROM pg_roles WHERE rolname = %s",
        [name],
    ).fetchone()
    if name in ROLES or (found is not None and found[0]):
        raise InvalidInputError(f"{name} may do more than that already; choose another name.")
    verb = sql.SQL("CREATE" if found is None else "ALTER")
    session.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            verb, account, sql.Literal(_verifier(session, name, password))
        )
    )
    for other in ROLES:
        if other != group:
            session.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(other), account))
    session.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), account))
    # what a member makes belongs to all of them, whatever it is made with
    default = sql.SQL("SET role TO {}").format(sql.Identifier(OWNER))
    session.execute(
        sql.SQL("ALTER ROLE {} {}").format(
            account, default if group == OWNER else sql.SQL("RESET role")
        )
    )


def _verifier(session: "psycopg.Connection[Any]", name: str, password: str) -> str:
    """What the server keeps of a password: itself it would stand in logs and kept statements.

    https://www.postgresql.org/docs/current/libpq-misc.html#LIBPQ-PQENCRYPTPASSWORDCONN
    """
    made = session.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return made.decode()
