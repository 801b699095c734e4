"""Everything that would stop a migration on its way, in one message before its first change.

A revision that finds an obstacle after others have changed the database leaves its owner half-way,
so each is looked for here: about the server, the names that are needed, and each table of the
legacy program that is to become a hypertable.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import URL, MetaData

from db.ahead import values
from db.convert import facts, obstacles, space, state
from db.convert.facts import TableFacts
from db.convert.session import Connection, connect, is_installed, one, require_direct
from db.errors import OIError
from db.rights import STANDBY
from db.timescale.specs import ArchivePolicy, HypertableSpec, RollupSpec, declared
from db.timescale.sqltext import Relation, named_statements


class HostileDatabaseError(OIError):
    """The database holds what the migrations cannot go through; nothing was changed."""

    def __init__(self, found: Sequence[str], way: str = "upgraded") -> None:
        self.sentences = tuple(found)
        lines = "".join(f"\n  - {sentence}" for sentence in found)
        super().__init__(
            f"This database cannot be {way} as it is; nothing was changed. Settle what stands in "
            f"the way, then run this again:{lines}"
        )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way, with the way out; `table` None: of the database as a whole."""

    table: str | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence if self.table is None else f"{self.table}: {self.sentence}"


def require_clear(url: URL, legacy: MetaData, wanted: MetaData, *, quarantines: bool) -> None:
    """Raises HostileDatabaseError, which names all that stands in the way of an upgrade.

    `legacy` are the tables as the old program makes them, `wanted` what the migrations lead to.
    With `quarantines`, rows that a hypertable cannot hold are none.
    """
    found = survey(url, legacy, wanted, quarantines=quarantines)
    if found:
        raise HostileDatabaseError([str(obstacle) for obstacle in found])


def survey(url: URL, legacy: MetaData, wanted: MetaData, *, quarantines: bool) -> list[Obstacle]:
    """All that stands in the way of an upgrade; nothing is changed."""
    with connect(url, application_name="oi-gemini-ahead") as connection:
        require_direct(connection)
        if "timescaledb" not in _extensions(connection):
            # the first thing that preflight says
            return []
        return list(_obstacles(connection, legacy, wanted, quarantines))


def _obstacles(
    connection: Connection, legacy: MetaData, wanted: MetaData, quarantines: bool
) -> Iterator[Obstacle]:
    tables = list(_to_convert(connection, legacy, wanted))
    yield from (Obstacle(None, line) for line in _of_database(connection, legacy, wanted, tables))
    for table in tables:
        yield from (Obstacle(table.name, line) for line in _of_table(connection, table))
        found = values.sentences(connection, table, quarantines=quarantines)
        yield from (Obstacle(table.name, line) for line in found)


def _of_database(
    connection: Connection, legacy: MetaData, wanted: MetaData, tables: Sequence[TableFacts]
) -> Iterator[str]:
    is_new = not _has_revision(connection)
    yield from sentences(connection, "server", standby=STANDBY)
    yield from sentences(connection, "connections")
    yield from sentences(connection, "schemas", is_new=is_new)
    yield from sentences(connection, "publications")
    if is_new:
        yield from sentences(connection, "names", names=sorted(names_made(legacy, wanted)))
    needed = space.needed_bytes(connection, tables)
    short = space.shortage(needed, space.free_bytes(connection))
    if short:
        yield short


def _has_revision(connection: Connection) -> bool:
    query = "SELECT to_regclass('public.alembic_version') IS NOT NULL AS there"
    if not one(connection, query)["there"]:
        return False
    return connection.execute("SELECT FROM public.alembic_version").fetchone() is not None


def _of_table(connection: Connection, table: TableFacts) -> Iterator[str]:
    yield from obstacles.obstacles(connection, table)
    yield from _unique_without_time(table)
    yield from sentences(connection, "published", oid=table.oid)
    yield from sentences(connection, "held", oid=table.oid)
    if table.name == "option_chain_snapshots":
        yield from sentences(connection, "columnstore", oid=table.oid)


def _to_convert(connection: Connection, legacy: MetaData, wanted: MetaData) -> Iterator[TableFacts]:
    """The old program's tables with rows that are to become hypertables and are none yet."""
    for table in tables_of(connection, legacy, wanted):
        if not table.is_hypertable and not _is_open(connection, table):
            yield table


def tables_of(connection: Connection, legacy: MetaData, wanted: MetaData) -> Iterator[TableFacts]:
    """The old program's tables that are there and are hypertables at the newest revision."""
    known = {f"public.{name}" for name in legacy.tables}
    for spec in declared(wanted, HypertableSpec):
        name = str(Relation.named(spec.table))
        if name in known and facts.find(connection, name) is not None:
            yield facts.named(connection, name)


def _is_open(connection: Connection, table: TableFacts) -> bool:
    """Whether a conversion that was begun goes on; what it found ahead was clear."""
    if not is_installed(connection):
        return False
    return state.open_job(connection, table.schema, table.name) is not None


def _unique_without_time(table: TableFacts) -> Iterator[str]:
    """Keys of the owner's own; the old program's primary key is known and goes."""
    for index in table.indexes:
        if index.is_unique and index.constraint_type != "p" and "timestamp" not in index.columns:
            yield f"{index.name} is unique without timestamp, which no hypertable keeps; drop it."


def names_made(legacy: MetaData, wanted: MetaData) -> Iterable[str]:
    """Names that revisions give to what they make in the schema public."""
    yield from (rollup.name for rollup in declared(wanted, RollupSpec))
    yield from (policy.history_view for policy in declared(wanted, ArchivePolicy))
    for table in wanted.tables.values():
        if table.schema not in (None, "public"):
            continue
        if table.name not in legacy.tables:
            yield table.name
        known = legacy.tables.get(table.name)
        old = {str(index.name) for index in known.indexes} if known is not None else set()
        yield from {str(index.name) for index in table.indexes} - old


def _extensions(connection: Connection) -> set[str]:
    rows = connection.execute("SELECT extname AS name FROM pg_extension").fetchall()
    return {row["name"] for row in rows}


def sentences(connection: Connection, name: str, /, **binds: object) -> list[str]:
    """The rows of one named statement of ahead.sql."""
    statement = named_statements("db.ahead", "ahead.sql")[name]
    return facts.labels(connection.execute(statement.encode(), binds).fetchall(), "sentence")
