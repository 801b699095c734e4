"""A live table and its mirror: the statements that select, place and compare their rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql

from db.convert import facts
from db.convert.model import Job
from db.convert.session import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The table in use, the one kept in step with it, and the log of keys that changed.

    A mirror that is plain `takes_any_time`; a hypertable takes none that is infinite.
    """

    conversion_id: int
    source: sql.Identifier
    mirror: sql.Identifier
    log: sql.Identifier
    batch: sql.Identifier
    columns: tuple[facts.ColumnFact, ...]
    identity: tuple[facts.ColumnFact, ...]
    time: facts.ColumnFact
    is_identity_unique: bool
    takes_any_time: bool
    preference: tuple[str, ...]

    @property
    def column_list(self) -> sql.Composed:
        return names(column.name for column in self.columns)

    @property
    def identity_list(self) -> sql.Composed:
        return names(column.name for column in self.identity)

    def from_alias(self, alias: str, columns: tuple[facts.ColumnFact, ...]) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(alias, column.name) for column in columns)

    def same_key(self, left: str, right: str) -> sql.Composed:
        """The condition that two aliases hold the same row."""
        return sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(
                sql.Identifier(left, column.name), sql.Identifier(right, column.name)
            )
            for column in self.identity
        )

    def placeable(self, alias: str) -> sql.Composed:
        """The condition that a row has a time that the mirror takes, and a whole key."""
        parts = [sql.SQL("true") if self.takes_any_time else self.is_finite(alias)]
        parts += [
            sql.SQL("{} IS NOT NULL").format(sql.Identifier(alias, column.name))
            for column in {column.name: column for column in (self.time, *self.identity)}.values()
            if not column.is_required
        ]
        return sql.SQL(" AND ").join(parts)

    def is_finite(self, alias: str) -> sql.Composed:
        """The condition that a row's time is a moment."""
        return sql.SQL("isfinite({})").format(sql.Identifier(alias, self.time.name))

    def within(
        self, alias: str, start: str = "range_start", end: str = "range_end"
    ) -> sql.Composed:
        """The condition of one window, from a (inclusive) to an end (exclusive), as binds."""
        return sql.SQL("{time} >= {start}::{type} AND {time} < {end}::{type}").format(
            time=sql.Identifier(alias, self.time.name),
            start=sql.Placeholder(start),
            end=sql.Placeholder(end),
            type=sql.SQL(self.time.type),
        )

    def best_rows(self, condition: sql.Composable) -> sql.Composed:
        """The rows of the live table, alias s, one a key; duplicates lose to the preferred row."""
        if self.is_identity_unique:
            return sql.SQL("SELECT {} FROM {} s WHERE {}").format(
                self.from_alias("s", self.columns), self.source, condition
            )
        return sql.SQL(
            "SELECT DISTINCT ON ({keys}) {columns} FROM {source} s WHERE {condition} "
            "ORDER BY {keys}, {preference}"
        ).format(
            keys=self.from_alias("s", self.identity),
            columns=self.from_alias("s", self.columns),
            source=self.source,
            condition=condition,
            preference=self.preferred("s"),
        )

    def preferred(self, alias: str) -> sql.Composed:
        """The order of duplicates, the one to keep first."""
        return sql.SQL(", ").join(
            sql.SQL("{} DESC").format(sql.Identifier(alias, name))
            for name in (self.preference or ("ctid",))
        )

    def is_best(self, alias: str) -> sql.Composed:
        """The condition that no other row of the key is preferred."""
        return sql.SQL(
            "{row}.ctid = (SELECT s2.ctid FROM {source} s2 WHERE {same} ORDER BY {order} LIMIT 1)"
        ).format(
            row=sql.Identifier(alias),
            source=self.source,
            same=self.same_key("s2", alias),
            order=self.preferred("s2"),
        )

    def checksum(self, alias: str) -> sql.Composed:
        """The sum over the rows of an alias by which both sides are compared."""
        return checksum(alias, self.columns)


def checksum(alias: str, columns: Iterable[facts.ColumnFact]) -> sql.Composed:
    """An order-independent sum over the hashes of whole rows.

    hash_record_extended hashes by type, without the detour over text: equal rows, equal sums.
    """
    values = sql.SQL(", ").join(
        sql.SQL("{}::TEXT" if column.is_unhashable else "{}").format(
            sql.Identifier(alias, column.name)
        )
        for column in columns
    )
    return sql.SQL("coalesce(sum(hash_record_extended(ROW({}), 0)), 0)").format(values)


def names(values: Iterable[str]) -> sql.Composed:
    """Column names as a list."""
    return sql.SQL(", ").join(sql.Identifier(value) for value in values)


def forward(connection: Connection, job: Job) -> Pair:
    """Before the swap: the live table and the new one."""
    return _pair(connection, job, job.shadow, "changes")


def backward(connection: Connection, job: Job) -> Pair:
    """After the swap: the new table in use, and the old one it replaced."""
    return _pair(connection, job, job.replaced, "changes_since")


def _pair(connection: Connection, job: Job, mirror: sql.Identifier, log: str) -> Pair:
    source_facts = facts.named(connection, job.live.as_string(connection))
    mirror_facts = facts.named(connection, mirror.as_string(connection))
    mirrored = {column.name for column in mirror_facts.columns if not column.is_generated}
    blueprint = job.blueprint
    return Pair(
        conversion_id=job.id,
        source=job.live,
        mirror=mirror,
        log=job.own(log),
        batch=sql.Identifier("pg_temp", f"{log}_{job.id}_batch"),
        columns=tuple(
            column
            for column in source_facts.columns
            if column.name in mirrored and not column.is_generated
        ),
        identity=tuple(source_facts.column(name) for name in blueprint.identity),
        time=source_facts.column(blueprint.time_column),
        takes_any_time=not mirror_facts.is_hypertable,
        is_identity_unique=blueprint.is_identity_unique or log == "changes_since",
        preference=blueprint.preference,
    )
