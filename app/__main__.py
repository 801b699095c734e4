"""`python -m app`: the trader's and the operator's door."""

from app.cli import group
from db.command_line import run

if __name__ == "__main__":
    run(group, "python -m app")
