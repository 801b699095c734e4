"""Where processes run while they are timed: who asks and who answers, on one core.

A question that takes 40 µs takes 80 when its answer comes from another core, which has to be woken.
Where the system puts each session is chance, and stays so for as long as a comparison lasts.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress

from benchmarks.server.databases import Session
from benchmarks.server.work import is_session, sessions


@contextmanager
def on_one_core(processes: Collection[int | None]) -> Iterator[bool]:
    """Keep this thread and processes of the server on one core until the block ends.

    False, and all stay where they are, where one of them is not on this machine (None) or another's
    to command.
    """
    with ExitStack() as placed:
        yield _placed(placed, [each for each in processes if each is not None], len(processes))


def process_of(session: Session) -> int | None:
    """The server's process of a session; None where it is not on this machine."""
    # asked of the server itself: a pooler between gives each client a number of its own
    [pid] = session.execute("SELECT pg_backend_pid()").fetchone() or [0]
    return pid if is_session(pid, str(session.info.dbname)) else None


def processes_beside(watching: Session) -> list[int | None]:
    """The same of all other sessions of its database."""
    name = str(watching.info.dbname)
    return [pid if is_session(pid, name) else None for pid in sessions(watching)]


def _placed(stack: ExitStack, processes: list[int], wanted: int) -> bool:
    if not processes or len(processes) < wanted:
        return False
    try:
        core = max(os.sched_getaffinity(0))
        # ourselves last: who may not move the others has moved nothing
        for process in (*processes, 0):
            before = os.sched_getaffinity(process)
            os.sched_setaffinity(process, {core})
            stack.callback(_put_back, process, before)
    except (AttributeError, OSError):
        # no such call on this system, or the server's account is not ours to command
        return False
    return True


def _put_back(process: int, cores: set[int]) -> None:
    with suppress(ProcessLookupError):
        os.sched_setaffinity(process, cores)
