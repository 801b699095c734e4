"""The server process: is it there, start it, stop it."""

import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.errors import ServerError
from db.server.account import run_as
from db.server.faults import tells_full_disk
from db.server.home import Home
from db.server.programs import Programs

# below the range systems give to outgoing connections, so that a remembered port stays free
_PORTS = range(15432, 15532)
_START_TIMEOUT_S = 300  # crash recovery of a large write-ahead log counts in
_STOP_TIMEOUT_S = 300  # all that is only in memory is written first
_OLD_PROCESSES_TIMEOUT_S = 20
_OLD_PROCESSES = ("pre-existing shared memory block", "lock file")
_LOG_BYTES = 16 * 1024 * 1024
_PORT_TAKEN = ("Address already in use", "could not create any TCP/IP sockets")


@dataclass(frozen=True, slots=True)
class Process:
    """A running server."""

    pid: int
    port: int


def running(data: Path) -> Process | None:
    """The server that runs on a data folder, or None; a stale pid file counts as none.

    Raises ServerError for another user's folder, as `data_major` does.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ServerError(f"{data} belongs to another user: run this as that user.") from None
    if len(lines) < 4 or not lines[0].isdecimal() or not lines[3].isdecimal():
        return None
    pid = int(lines[0])
    return Process(pid, int(lines[3])) if str(data) in _command_line(pid) else None


def data_major(data: Path) -> int | None:
    """The PostgreSQL version that made a data folder, or None where there is none."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ServerError(f"{data} belongs to another user: run this as that user.") from None


def start(
    programs: Programs,
    home: Home,
    remembered_port: int | None,
    configure: Callable[[int], None],
) -> int:
    """Start the server and wait until it answers; the port it listens on.

    `configure` writes the settings for a port. A port that is taken is replaced by a free one;
    processes left by a killed server are waited for. Raises ServerError with the log's own reason.
    """
    (home.data / "postmaster.pid").unlink(missing_ok=True)
    deadline = time.monotonic() + _OLD_PROCESSES_TIMEOUT_S
    refused: set[int] = set()
    while True:
        port = _free_port(remembered_port, refused)
        configure(port)
        log = _try_start(programs, home)
        if log is None:
            return port
        if any(sign in log for sign in _PORT_TAKEN):
            refused.add(port)
        elif any(sign in log for sign in _OLD_PROCESSES) and time.monotonic() < deadline:
            time.sleep(0.5)
        else:
            raise ServerError(_explained(log, home))


def stop(programs: Programs, home: Home) -> None:
    """Stop the server, ending its sessions, and wait until it is gone, else raise ServerError."""
    stopped = run_as(
        home.account,
        programs.program("pg_ctl"),
        *("stop", "-D", home.data, "-m", "fast", "-w", "-t", str(_STOP_TIMEOUT_S)),
        cwd=home.cluster,
    )
    if stopped.returncode != 0 and running(home.data):
        raise ServerError(f"The server did not stop within {_STOP_TIMEOUT_S} s; see {home.log}.")


def bound_log(home: Home) -> None:
    """Let the log of a running server begin anew where it has grown large; the last is kept.

    The server appends to one file for as long as it runs, so that it can be cut off beneath it.
    """
    try:
        if home.log.stat().st_size <= _LOG_BYTES:
            return
    except FileNotFoundError:
        return
    before = _log_before(home)
    try:
        shutil.copyfile(home.log, before)
        home.own(before)
    except OSError:
        # a full disk is no reason to let it grow
        before.unlink(missing_ok=True)
    os.truncate(home.log, 0)


def _log_before(home: Home) -> Path:
    return home.log.with_suffix(".log.old")


def _try_start(programs: Programs, home: Home) -> str | None:
    """None if it started, else what it wrote."""
    if home.log.exists():
        home.log.replace(_log_before(home))
    started = run_as(
        home.account,
        programs.program("pg_ctl"),
        *("start", "-D", home.data, "-l", home.log, "-w", "-t", str(_START_TIMEOUT_S)),
        cwd=home.cluster,
    )
    if started.returncode == 0:
        return None
    written = home.log.read_text(encoding="utf-8", errors="replace") if home.log.exists() else ""
    return written or started.stderr


def _free_port(remembered: int | None, refused: set[int]) -> int:
    wanted: tuple[int, ...] = (*([remembered] if remembered else ()), *_PORTS)
    for port in wanted:
        if port not in refused and _is_free(port):
            return port
    raise ServerError(f"The ports {_PORTS[0]} to {_PORTS[-1]} are all taken: free one of them.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _command_line(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
        except OSError:
            return ""
    return run_as(None, "ps", "-o", "command=", "-p", str(pid), cwd=Path("/")).stdout


def _explained(log: str, home: Home) -> str:
    if tells_full_disk(log):
        return f"The disk of {home.cluster} is full: free some space and start the server again."
    serious = re.findall(r"(?:FATAL|PANIC|ERROR):\s+(.+)", log)
    reason = serious[-1] if serious else (log.strip().splitlines() or ["no reason given"])[-1]
    return f"The local server did not start ({reason}); its log is {home.log}."
