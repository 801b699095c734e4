"""`python -m db`: the database administrator's door."""

from db.cli import group
from db.command_line import run

if __name__ == "__main__":
    run(group, "python -m db")
