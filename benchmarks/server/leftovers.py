"""Databases whose run was killed: whoever makes the next one on that server drops them.

A run holds a lock for each of its databases as long as it lives, and each says in a comment who
made it. So what another run uses stays, and so does whatever was made by anybody else.
"""

import os
import re
import socket
from typing import Any

import psycopg
from psycopg import sql

Session = psycopg.Connection[Any]

_LOCK = 0x6F69_6265  # first key of the advisory locks of benchmarks
_MADE = "made by python -m benchmarks, process {pid} of {host}"
_MADE_BY = re.compile(r"made by python -m benchmarks, process (?P<pid>\d+) of (?P<host>.*)")
# who is in it counts, TimescaleDB's own workers do not; what others are is told to few
_OWN = """
    SELECT d.datname, shobj_description(d.oid, 'pg_database')
    FROM pg_database AS d
    WHERE d.datname LIKE 'oi\\_bench\\_%'
      AND pg_has_role(d.datdba, 'USAGE')
      AND NOT EXISTS (
          SELECT
          FROM pg_stat_activity AS a
          WHERE a.datid = d.oid AND coalesce(a.backend_type, 'client backend') = 'client backend'
      )
    ORDER BY d.datname
"""


def hold(admin: Session, name: str) -> None:
    """Let others know, while this session lasts, that a database is in use; before it is made."""
    # a session's lock goes with its process, however that ends
    admin.execute(
        "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
    )
    admin.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [_LOCK, name])


def mark(admin: Session, name: str) -> None:
    """Say in the database who made it."""
    made = _MADE.format(pid=os.getpid(), host=socket.gethostname())
    admin.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(made))
    )


def drop(admin: Session, name: str) -> None:
    """Drop a database, whoever is in it."""
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_left(admin: Session) -> list[str]:
    """Drop what runs left behind that are gone; the names."""
    return [name for name, made in admin.execute(_OWN).fetchall() if _drop_left(admin, name, made)]


def _drop_left(admin: Session, name: str, made: str | None) -> bool:
    maker = _MADE_BY.fullmatch(made or "")
    if maker is None or _is_alive(maker):
        return False
    keys = [_LOCK, name]
    free = admin.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", keys).fetchone()
    if not free or not free[0]:
        return False
    try:
        drop(admin, name)
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", keys)
    return True


def _is_alive(maker: re.Match[str]) -> bool:
    """Whether a process of this machine is; its lock goes where it restarts a server."""
    if maker["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(maker["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # another account's
        pass
    return True
