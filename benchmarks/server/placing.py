"""Where processes run while they are timed: who asks and who answers, on one core.

A question that takes 40 µs takes 80 when its answer comes from another core, which has to be woken.
Where the system puts each session is chance, and stays so for as long as a comparison lasts.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from benchmarks.server.databases import Session
from benchmarks.server.work import is_session


@contextmanager
def on_one_core(sessions: Sequence[Session]) -> Iterator[bool]:
    """Keep this thread and the server's processes of sessions on one core until the block ends.

    False, and they stay where they are, where the server is not on this machine, or another's.
    """
    found = [each.info.backend_pid for each in sessions if _is_here(each)]
    is_everyone = bool(found) and len(found) == len(sessions)
    with ExitStack() as placed:
        try:
            core = max(os.sched_getaffinity(0))
            # ourselves last: who may not move the others has moved nothing
            for process in (*found, 0) if is_everyone else ():
                before = os.sched_getaffinity(process)
                os.sched_setaffinity(process, {core})
                placed.callback(_put_back, process, before)
        except (AttributeError, OSError):
            # no such call on this system, or the server's account is not ours to command
            is_everyone = False
        yield is_everyone


def _put_back(process: int, cores: set[int]) -> None:
    with suppress(ProcessLookupError):
        os.sched_setaffinity(process, cores)


def _is_here(session: Session) -> bool:
    return is_session(session.info.backend_pid, str(session.info.dbname))
