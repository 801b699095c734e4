"""A pool of connections that closes all of them, also those that were out when it was given up."""

from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class Pool(QueuePool):
    """Closes what comes back after it was disposed of, instead of keeping it for nobody.

    An engine is disposed of when its server is gone or has become a standby, while other threads
    still wait for an answer; what they give back later would stay open until it is collected.
    """

    _is_disposed = False

    def dispose(self) -> None:
        """Close what is in the pool now, and each other connection when it is given back."""
        self._is_disposed = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        # looked at afterwards: it may have been disposed of meanwhile
        if self._is_disposed:
            super().dispose()
