"""A pooler between the program and the server is told from a server that does not answer."""

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from db.convert.session import connect, install
from db.driver_errors import explained
from db.errors import SettingsError


def test_a_pooler_that_refuses_options_is_named() -> None:
    said = psycopg.OperationalError(
        "connection failed: FATAL:  unsupported startup parameter in options: backend_flush_after"
    )
    assert isinstance(explained(said), SettingsError)
    assert "need a direct connection" in str(explained(said))


def test_a_pooler_that_keeps_options_to_itself_is_named(empty_database: URL) -> None:
    """As one that is told to ignore them passes none on."""
    with (
        connect(empty_database, settings={}) as session,
        pytest.raises(convert.BlockedError, match="need a direct connection"),
    ):
        install(session)
