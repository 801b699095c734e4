"""Operations that build and drop indexes without standing in the way of writers.

https://docs.tigerdata.com/api/latest/hypertable/create_index/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp
from db.timescale.specs import IndexSpec


@dataclass(kw_only=True)
class _IndexOp(TimescaleOp):
    """Both directions hold the whole definition."""

    POSITIONAL: ClassVar[tuple[str, ...]] = ("name", "table")

    name: str
    table: str
    columns: list[str]
    unique: bool = False
    using: str = "btree"
    include: list[str] = field(default_factory=list)
    where: str | None = None
    nulls_not_distinct: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> IndexSpec:
        """The same as a value."""
        return IndexSpec(
            name=self.name,
            table=self.table,
            columns=tuple(self.columns),
            unique=self.unique,
            using=self.using,
            include=tuple(self.include),
            where=self.where,
            nulls_not_distinct=self.nulls_not_distinct,
            options=tuple(sorted(self.options.items())),
        )


@Operations.register_operation("create_chunk_index")
@dataclass(kw_only=True)
class CreateChunkIndexOp(_IndexOp):
    """Builds an index chunk by chunk, concurrently, or at once where the table is empty."""

    OPERATION: ClassVar[str] = "create_chunk_index"

    @classmethod
    def create_chunk_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        *,
        columns: Sequence[str],
        unique: bool = False,
        using: str = "btree",
        include: Sequence[str] = (),
        where: str | None = None,
        nulls_not_distinct: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Build index `name` on `table`, blocking writers no longer than one chunk takes.

        `columns`, `include` and `where` are SQL (`"\\"timestamp\\" DESC"`, `"lower(name)"`);
        `options` are storage parameters. On a hypertable with rows the build commits chunk by
        chunk, on a plain table with rows it is concurrent; both leave the migration's
        transaction, and a unique index on a hypertable cannot. What an interrupted build left
        is dropped and built again.

        https://docs.tigerdata.com/api/latest/hypertable/create_index/
        """
        operations.invoke(
            cls(
                name=name,
                table=table,
                columns=list(columns),
                unique=unique,
                using=using,
                include=list(include),
                where=where,
                nulls_not_distinct=nulls_not_distinct,
                options=dict(options or {}),
            )
        )

    def reverse(self) -> "DropChunkIndexOp":
        """The operation that drops it."""
        return DropChunkIndexOp(**self.values())


@Operations.register_operation("drop_chunk_index")
@dataclass(kw_only=True)
class DropChunkIndexOp(_IndexOp):
    """Drops an index and remembers what it was."""

    OPERATION: ClassVar[str] = "drop_chunk_index"

    @classmethod
    def drop_chunk_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        *,
        columns: Sequence[str],
        unique: bool = False,
        using: str = "btree",
        include: Sequence[str] = (),
        where: str | None = None,
        nulls_not_distinct: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Drop index `name`; the definition is what downgrading builds again."""
        operations.invoke(
            cls(
                name=name,
                table=table,
                columns=list(columns),
                unique=unique,
                using=using,
                include=list(include),
                where=where,
                nulls_not_distinct=nulls_not_distinct,
                options=dict(options or {}),
            )
        )

    def reverse(self) -> CreateChunkIndexOp:
        """The operation that builds it again."""
        return CreateChunkIndexOp(**self.values())


def create_index_op(spec: IndexSpec) -> CreateChunkIndexOp:
    """The operation that builds what a spec describes."""
    return CreateChunkIndexOp(
        name=spec.name,
        table=spec.table,
        columns=list(spec.columns),
        unique=spec.unique,
        using=spec.using,
        include=list(spec.include),
        where=spec.where,
        nulls_not_distinct=spec.nulls_not_distinct,
        options=dict(spec.options),
    )
