"""Which database a connection leads to."""

from sqlalchemy import Connection

from db.queries.statements import scalar


def database_identity(connection: Connection) -> str:
    """Another text for each database that ever was; a replica says what its primary says."""
    return str(scalar(connection, "identity", "identity", {}))
