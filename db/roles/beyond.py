"""What an account may do in the database that pages never need."""

from sqlalchemy import Connection, text

from db.roles.declared import SCHEMAS
from db.timescale.sqltext import named_statements


def beyond_pages(connection: Connection) -> list[str]:
    """What the session's account may do beyond reading chains and keeping what is its users' own.

    In words that go on from its name, the mightiest first; a superuser's is that alone.
    """
    statement = text(named_statements("db.roles", "roles.sql")["beyond_pages"])
    found = list(connection.scalars(statement, {"schemas": list(SCHEMAS)}))
    return found[:1] if found[:1] == ["is a superuser"] else found
