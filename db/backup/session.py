"""Connections for backups: no limit on how long a statement takes, errors in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL

from db import links
from db.backup.errors import BackupError
from db.driver_errors import explained
from db.gentle import SETTLED, given, options


@contextmanager
def session(url: URL) -> "Iterator[psycopg.Connection[Any]]":
    """A connection in autocommit mode; raises OIError with what the server said."""
    unlimited = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    asked = options({**SETTLED, **unlimited}, given(url))
    try:
        with links.connect(url, application_name="oi backup", options=asked) as link:
            yield link
    except psycopg.Error as error:
        known = explained(error, isinstance(error, psycopg.OperationalError))
        reason = str(error).strip().partition("\n")[0]
        raise known or BackupError(f"The server refused: {reason}.") from error
