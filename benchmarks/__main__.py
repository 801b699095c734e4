"""`python -m benchmarks`: the engineer's door."""

import signal

from benchmarks.cli import group
from db.command_line import run

if __name__ == "__main__":
    # asked to end, it ends as on Ctrl-C: the databases made for the run are dropped
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run(group, "python -m benchmarks")
