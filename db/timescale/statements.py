"""Sending composed SQL to the driver exactly as it is."""

from typing import Any

from sqlalchemy import Connection, CursorResult

from db.timescale.sqltext import Fragment


def execute(connection: Connection, statement: Fragment) -> CursorResult[Any]:
    """Executes a fragment without parameters, so that a % in an expression stays one."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
