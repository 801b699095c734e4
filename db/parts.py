"""Which part of the program this process is: it decides as whom it signs in at the database."""

from typing import Literal

Part = Literal["owner", "web", "collector"]

_present: Part = "owner"


def act_as(part: Part) -> None:
    """From now on this process is that part; to be said before it first asks for a database."""
    global _present
    _present = part


def present() -> Part:
    """The part that this process is; a command that nobody asked for less is the owner's."""
    return _present
