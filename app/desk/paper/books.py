"""Where orders are kept, as the desk sees it."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Books(Protocol):
    """A database: a web process's, or a collector's."""

    def newest(self) -> AbstractContextManager[Connection]:
        """A connection for reading what was committed last."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that is committed on leaving without an error."""
        ...
