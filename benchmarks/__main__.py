"""`python -m benchmarks`: the engineer's door."""

from benchmarks.cli import group
from db.command_line import run

if __name__ == "__main__":
    run(group, "python -m benchmarks")
