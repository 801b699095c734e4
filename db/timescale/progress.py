"""A line on stderr for everything that takes longer than two seconds."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_S = 2.0
REPEAT_S = 10.0


@contextmanager
def progress(label: str) -> Iterator[None]:
    """Reports `label` with the seconds gone, after two seconds and then every ten."""
    started = time.monotonic()
    finished = threading.Event()
    reporter = threading.Thread(target=_report, args=(label, started, finished), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        finished.set()
        reporter.join()
    elapsed_s = time.monotonic() - started
    if elapsed_s > QUIET_S:
        notice(f"{label}: done in {elapsed_s:.1f} s")


def notice(line: str) -> None:
    """One line for the person who runs the migration."""
    print(line, file=sys.stderr, flush=True)


def _report(label: str, started: float, finished: threading.Event) -> None:
    pause_s = QUIET_S
    while not finished.wait(pause_s):
        notice(f"{label}: {time.monotonic() - started:.0f} s")
        pause_s = REPEAT_S
