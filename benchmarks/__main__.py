"""`python -m benchmarks`: the engineer's door."""

from benchmarks.cli import group
from db.command_line import run
from db.endings import interrupt_once

if __name__ == "__main__":
    # however it is asked to end, the databases made for the run are dropped
    interrupt_once()
    run(group, "python -m benchmarks")
