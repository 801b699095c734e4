"""Alembic's own DDL on PostgreSQL, taken through the same funnel as the plugin's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alembic.ddl._autogen import ComparisonResult
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.util import immutabledict
from sqlalchemy import CursorResult, Executable, Index, TextClause
from sqlalchemy.schema import CreateIndex, DDLElement, DropIndex

from db.timescale.locks import LockPolicy, with_lock_retries
from db.timescale.progress import progress

PLUGIN = "timescale"

_DDL = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|COMMENT|GRANT|REVOKE|LOCK)\b", re.IGNORECASE)
_CONCURRENTLY = re.compile(r"\bINDEX\s+CONCURRENTLY\b", re.IGNORECASE)


class TimescaleImpl(PostgresqlImpl):
    """PostgreSQL with every DDL statement under lock_timeout and jittered retries."""

    __dialect__ = "postgresql"

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Nothing to say where the plugin compares indexes itself."""
        if PLUGIN in self.context_opts.get("autogenerate_plugins", ()):
            return ComparisonResult.Equal()
        return super().compare_indexes(metadata_index, reflected_index)

    def _exec(
        self,
        construct: Executable | str,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] = immutabledict(),
    ) -> CursorResult[Any] | None:
        def attempt() -> CursorResult[Any] | None:
            return super(TimescaleImpl, self)._exec(
                construct, execution_options, multiparams, params
            )

        if self.as_sql or self.connection is None or not _is_ddl(construct):
            return attempt()
        with progress(_label(construct)):
            return with_lock_retries(
                self.connection, attempt, LockPolicy.from_options(self.context_opts)
            )


def _label(construct: Executable | str) -> str:
    if isinstance(construct, DDLElement):
        return type(construct).__name__
    return str(construct).strip().split("\n", 1)[0][:72]


def _is_ddl(construct: Executable | str) -> bool:
    """Concurrent builds queue in front of nobody, and half of one would be left behind."""
    if isinstance(construct, CreateIndex | DropIndex):
        return not construct.element.dialect_options["postgresql"]["concurrently"]
    if isinstance(construct, DDLElement):
        return True
    if isinstance(construct, TextClause):
        construct = construct.text
    if not isinstance(construct, str) or _CONCURRENTLY.search(construct):
        return False
    return bool(_DDL.match(construct))
