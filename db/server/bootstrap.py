"""What a new cluster gets: a data folder, and a database with the extension."""

from pathlib import Path

from sqlalchemy import URL

from db.errors import ServerError
from db.server.account import run_as
from db.server.configuration import write_static
from db.server.faults import tells_full_disk
from db.server.home import Home, write_private
from db.server.programs import Programs


def init_data(
    programs: Programs, home: Home, folder: Path, superuser: str, *, durable: bool
) -> Path:
    """Make a data folder inside an empty folder of the server's account; its path.

    Raises ServerError with what initdb said.
    """
    data, password_file = folder / "data", folder / "password"
    write_private(password_file, (home.password() or home.make_password()) + "\n")
    home.own(password_file)
    made = run_as(
        home.account,
        programs.program("initdb"),
        *("--pgdata", data, "--username", superuser),
        *("--pwfile", password_file, "--auth", "scram-sha-256"),
        # byte order sorts fastest and does not change with the system's locale
        *("--encoding", "UTF8", "--locale", "C"),
        "--data-checksums" if durable else "--no-sync",
        cwd=folder,
    )
    if made.returncode != 0:
        raise ServerError(_explained(made.stderr, home))
    write_static(data)
    return data


def make_database(admin: URL, wanted: URL, *, updated: bool) -> None:
    """Make the database with its extensions if it is missing.

    `updated` says that the server's TimescaleDB is another version than at the last start: the
    extension must then be updated before anything else touches the database.
    """
    import psycopg
    from psycopg import sql

    from db import links

    name = sql.Identifier(str(wanted.database))
    try:
        with links.connect(admin, application_name="oi server") as session:
            found = session.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [wanted.database]
            )
            if found.fetchone() is None:
                session.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with links.connect(wanted, application_name="oi server") as session:
            if updated:
                session.execute("ALTER EXTENSION timescaledb UPDATE")
            session.execute("SET client_min_messages = error")
            session.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            session.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise ServerError(f"The server runs, but its database is not ready: {reason}.") from error


def _explained(stderr: str, home: Home) -> str:
    if tells_full_disk(stderr):
        return f"The disk of {home.cluster} is full: a new database needs about 200 MB."
    lines = [line for line in stderr.splitlines() if "error:" in line or "FATAL" in line]
    reason = (lines or stderr.strip().splitlines() or ["no reason given"])[0]
    return f"A database cluster could not be made ({reason.partition('error: ')[2] or reason})."
