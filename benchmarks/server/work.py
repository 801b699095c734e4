"""What the sessions of a database have used of the CPU, where the server runs on this machine."""

from pathlib import Path

from benchmarks.server.databases import Session

# but for the one that asks
_SESSIONS = """
    SELECT pid
    FROM pg_stat_activity
    WHERE datname = current_database()
        AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()
"""


def sessions(watching: Session) -> set[int]:
    """The processes of all other sessions of a database."""
    return {pid for (pid,) in watching.execute(_SESSIONS).fetchall()}


def cpu_ms(watching: Session) -> float | None:
    """CPU time of all other sessions of a database since they began; None where it cannot be told.

    https://docs.kernel.org/scheduler/sched-stats.html (/proc/PID/schedstat)
    """
    database = str(watching.info.dbname)
    try:
        return sum(_cpu_ns(pid, database) for pid in sessions(watching)) / 1e6
    except (OSError, LookupError):
        return None


def is_session(pid: int, database: str) -> bool:
    """Whether a process of this machine is a session of a database.

    Of a server elsewhere it is the number of anything here: a session's title has its database.
    """
    try:
        title = (Path("/proc") / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return database in title


def _cpu_ns(pid: int, database: str) -> int:
    if not is_session(pid, database):
        raise LookupError(f"process {pid} is no session of {database}")
    schedstat = Path("/proc") / str(pid) / "schedstat"
    return int(schedstat.read_text(encoding="ascii").split()[0])
