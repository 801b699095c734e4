"""What a database is, to be compared with what it was: its dump and sums of its rows."""

import re
import subprocess
from functools import cache
from pathlib import Path

from psycopg import sql
from sqlalchemy import URL

from tests.support.databases import connection
from tests.support.paths import ROOT

# a token of its own in each dump
_RANDOM = ("\\restrict", "\\unrestrict")
TABLES = """
    SELECT n.nspname, c.relname
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r'
      AND n.nspname !~ '^(pg_|information_schema|_?timescaledb_)'
      AND c.relname <> 'alembic_version'
    ORDER BY 1, 2
"""
SETTINGS = """
    SELECT s.setconfig
    FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
"""
_KEPT = re.compile("oi_convert\\.")
SUM = "SELECT count(*), sum(hashtextextended(t::TEXT, 0)) FROM {} AS t"


@cache
def pg_dump() -> Path:
    """The newest pg_dump of this machine: an older one than the server refuses."""
    found = [*ROOT.glob(".oi/postgresql-*/usr/lib/postgresql/*/bin/pg_dump")]
    found += Path("/usr/lib/postgresql").glob("*/bin/pg_dump")
    return max(found, key=lambda path: int(path.parts[-3]))


def schema(url: URL, *only: str) -> list[str]:
    """The lines of a dump of everything but rows, or of `only` what pg_dump is told."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(
        [pg_dump(), "--schema-only", *only, address], capture_output=True, text=True, check=True
    )
    return [line for line in dump.stdout.splitlines() if not line.startswith(_RANDOM)]


def rows(url: URL) -> dict[str, tuple[int, int]]:
    """Count and checksum of each table, and what is set for the database."""
    with connection(url) as session:
        session.execute("SET TimeZone = 'UTC'")
        found = {}
        for name in session.execute(TABLES).fetchall():
            query = sql.SQL(SUM).format(sql.Identifier(*name))
            found[".".join(name)] = session.execute(query).fetchone()
        found["settings"] = tuple(session.execute(SETTINGS).fetchall())
    return found


def owners(url: URL) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """The same without what is kept of migrations: the revision, and what was converted when."""
    dump = schema(url, "--exclude-schema=oi_convert*", "--exclude-table=public.alembic_version")
    return dump, {name: sums for name, sums in rows(url).items() if not _KEPT.match(name)}


def state(url: URL) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """Both."""
    return schema(url), rows(url)
