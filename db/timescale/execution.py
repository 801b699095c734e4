"""The one funnel through which operations change a database, or write their SQL offline."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import PendingRollbackError

from db.timescale.editions import Server, read_server
from db.timescale.errors import TimescaleError
from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.progress import notice as progress_notice
from db.timescale.progress import progress
from db.timescale.sqltext import Fragment, compose, dollar_quoted, joined, literal
from db.timescale.statements import execute

_COMMUNITY = "current_setting('timescaledb.license') <> 'apache'"
_SERVER_KEY = "timescale_server"


class Executor:
    """Runs statements under lock_timeout with retries; offline it writes them instead."""

    def __init__(self, context: MigrationContext) -> None:
        self._context = context
        self.offline = context.as_sql

    @classmethod
    def of(cls, operations: Operations) -> "Executor":
        """The executor of the migration that is running."""
        return cls(operations.get_context())

    @property
    def options(self) -> Mapping[str, Any]:
        """What env.py passed to context.configure."""
        return self._context.opts

    @property
    def connection(self) -> Connection:
        """The live connection; raises TimescaleError offline."""
        if self.offline or self._context.connection is None:
            raise TimescaleError("This step needs a live database; it cannot be written as SQL.")
        return self._context.connection

    @property
    def server(self) -> Server:
        """The server behind the connection, read once a migration context."""
        known = self._context.opts.get(_SERVER_KEY)
        if not isinstance(known, Server):
            known = self._context.opts[_SERVER_KEY] = read_server(self.connection)
        return known

    def run(self, statement: Fragment, *, label: str = "", unlimited: bool = False) -> None:
        """Executes one statement; `unlimited` switches statement_timeout off, `label` names it.

        Raises LockNotAvailableError when its locks could not be had.
        """
        if self.offline:
            self._context.impl.static_output(statement + ";")
            return
        with progress(label or statement.split("\n", 1)[0][:72]):
            with_lock_retries(
                self.connection,
                lambda: execute(self.connection, statement),
                LockPolicy.from_options(self.options),
                unlimited=unlimited,
            )

    def run_all(self, statements: Sequence[Fragment], *, label: str = "") -> None:
        """Executes statements one by one."""
        for statement in statements:
            self.run(statement, label=label)

    def build(self, statements: Sequence[Fragment], *, label: str, patient: bool) -> None:
        """Executes statements outside a transaction as one attempt, all again where a lock fails.

        `patient` waits for locks as long as retries would; for what queues in front of nobody.
        """
        policy = LockPolicy.from_options(self.options)
        if patient:
            policy = replace(policy, timeout_ms=int(policy.patience_s * 1000))
        with progress(label):
            with_lock_retries(
                self.connection,
                lambda: [execute(self.connection, statement) for statement in statements],
                policy,
                unlimited=True,
            )

    def run_where(
        self,
        feature: str,
        statements: Sequence[Fragment],
        otherwise: Sequence[Fragment] = (),
        *,
        notice: str = "",
    ) -> None:
        """Executes the first where the server has the feature, else the second with a notice.

        Offline the decision is left to the script: it is taken when psql runs it.
        """
        if not self.offline:
            has_feature = self.server.has(feature)
            if notice and not has_feature:
                self.notice(notice)
            self.run_all(statements if has_feature else otherwise)
            return
        self.run(
            compose(
                "DO {body}",
                body=dollar_quoted(
                    compose(
                        "\nBEGIN\n  IF {community} THEN\n{then}\n  ELSE\n{otherwise}\n"
                        "  END IF;\nEND\n",
                        community=Fragment(_COMMUNITY),
                        then=_executes(statements),
                        otherwise=_executes(otherwise, notice),
                    )
                ),
            )
        )

    @contextmanager
    def outside_transaction(self) -> Iterator[None]:
        """What runs within commits statement by statement; what came before is committed first."""
        failure: BaseException | None = None
        try:
            with self._context.autocommit_block():
                try:
                    yield
                except BaseException as error:
                    failure = error
                    raise
        except PendingRollbackError:
            # leaving the block on a lost connection fails in its own way; the cause matters more
            raise failure or PendingRollbackError("The connection was lost.") from None

    def read(self, query: Fragment) -> Sequence[Row[Any]]:
        """Rows of a composed query."""
        return execute(self.connection, query).all()

    def rows(self, query: str, **parameters: object) -> Sequence[Row[Any]]:
        """Rows of a catalog query with named binds."""
        return self.connection.execute(text(query), parameters).all()

    def scalar(self, query: str, **parameters: object) -> Any:
        """The first column of the first row of a catalog query, or None."""
        return self.connection.execute(text(query), parameters).scalar()

    def has_written(self, what: str) -> bool:
        """Whether this script holds something already that it needs once."""
        return bool(self._context.opts.get(what))

    def note_written(self, what: str) -> None:
        """Remembers that this script holds it."""
        if self.offline:
            self._context.opts[what] = True

    def notice(self, line: str) -> None:
        """One line for the person who runs the migration; a comment in a script."""
        if self.offline:
            self._context.impl.static_output("-- " + line)
        else:
            progress_notice(line)


def _executes(statements: Sequence[Fragment], notice: str = "") -> Fragment:
    lines = [compose("    EXECUTE {text};", text=literal(statement)) for statement in statements]
    if notice:
        lines.append(compose("    RAISE NOTICE '%', {notice};", notice=literal(notice)))
    return joined(lines or [Fragment("    NULL;")], "\n")
