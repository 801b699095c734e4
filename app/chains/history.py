"""Where the read model reads what is stored."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection


class History(Protocol):
    """Gives connections to history."""

    def history(self) -> "AbstractContextManager[Connection]":
        """A connection for reads that a replica may answer."""
        ...
