"""Counts in the database, for all workers of all machines; in a file while it is away."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from app.web.auth.counting import FORGOTTEN_AFTER_S, Count, Counts, Opened
from app.web.auth.people import UNASKED
from app.web.database import Database


class SharedCounts:
    """Those of the database; where it does not answer, those of `otherwise`."""

    def __init__(self, database: Database, otherwise: Counts) -> None:
        self._database = database
        self._otherwise = otherwise

    @contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[Opened]:
        """A row of each name is locked until the block ends; the clock is the database's."""
        with ExitStack() as stack:
            try:
                found = stack.enter_context(self._in_database(names))
            except UNASKED:
                found = stack.enter_context(self._otherwise.opened(names))
            yield found

    @contextmanager
    def _in_database(self, names: Sequence[str]) -> Iterator[Opened]:
        from db.ingest.attempts import AttemptRow, keep_attempts, locked_attempts

        with self._database.writing() as connection:
            locked = locked_attempts(connection, names, FORGOTTEN_AFTER_S)
            counts = {
                row.name: Count(row.failures, row.closed_until, row.last_at, list(row.pending))
                for row in locked.rows
            }
            for count in counts.values():
                count.settle(locked.now)
            yield Opened(locked.now, counts)
            keep_attempts(
                connection,
                [
                    AttemptRow(
                        name, count.failures, count.closed_until, count.last_at, count.pending
                    )
                    for name, count in counts.items()
                    if count.is_worth_keeping
                ],
                [name for name, count in counts.items() if not count.is_worth_keeping],
            )
