"""Indexes that a counted statement lacks, tried out on one chunk before they are proposed."""

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.advice.advice import Advice, PlannedStatement
from db.advice.conditions import Scan, scans
from db.advice.relations import Relation, relation_facts, run
from db.advice.statements import generic_plan
from db.timescale.sqltext import compose, ident, joined, relation

_LEAST_ROWS = 10_000
# an index that does not halve the cost of the scan is not worth its writes
_WORTH_SHARE = 0.5


def missing_indexes(
    connection: Connection, planned: tuple[PlannedStatement, ...]
) -> Iterator[Advice]:
    """One index for each table and set of columns by which a statement searches all rows."""
    proposed: set[tuple[str, tuple[str, ...]]] = set()
    for statement in planned:
        for scan in _full_scans(statement):
            found = relation_facts(connection, scan.schema, scan.relation)
            if found is None or found.row_count < _LEAST_ROWS:
                continue
            if (found.root, scan.key) in proposed:
                continue
            proposed.add((found.root, scan.key))
            gain = _tried(connection, statement, scan)
            if gain is not None:
                yield _advice(statement, scan, found, gain)


def _full_scans(statement: PlannedStatement) -> list[Scan]:
    """Sequential scans with a condition, the costliest first: it stands for its sister chunks."""
    full = (s for s in scans(statement.plan) if s.node_type == "Seq Scan" and s.equal)
    return sorted(full, key=lambda scan: -scan.total_cost)


def _tried(connection: Connection, statement: PlannedStatement, scan: Scan) -> str | None:
    """What a hypothetical index on that one relation does to the plan; None where it does not help.

    HypoPG: https://hypopg.readthedocs.io/. On the hypertable itself it would never reach a chunk.
    """
    if not run(connection, "hypopg_is_available").scalar_one():
        return "Not tried: HypoPG is not installed on this server."
    attempt = connection.begin_nested()
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS hypopg"))
        definition = compose(
            "CREATE INDEX ON {table} ({columns})",
            table=relation(f"{scan.schema}.{scan.relation}"),
            columns=joined(ident(column) for column in scan.key),
        )
        run(connection, "hypothetical_index", definition=definition)
        plan = generic_plan(connection, statement.counted.statement)
    except DBAPIError as error:
        attempt.rollback()
        return f"Not tried: {str(error.orig).splitlines()[0]}."
    # hypothetical indexes outlive a rollback, the extension that was made for them does not
    connection.execute(text("SELECT hypopg_reset()"))
    attempt.rollback()
    used = next((s for s in scans(plan or {}) if s.relation == scan.relation), None)
    if used is None or used.total_cost > _WORTH_SHARE * scan.total_cost:
        return None
    costs = f"{scan.total_cost:,.0f} → {used.total_cost:,.0f}"
    return f"Tried on {scan.relation} with HypoPG: cost {costs}."


def _advice(statement: PlannedStatement, scan: Scan, found: Relation, gain: str) -> Advice:
    name = "_".join([found.root_name, *scan.key, "idx"])[:63]
    columns = ", ".join(f'"{column}"' for column in scan.key)
    return Advice(
        kind="missing index",
        target=found.root,
        evidence=(
            statement.cost_text,
            f"reads all {found.row_count:,.0f} rows of {scan.relation} for {scan.condition}",
            gain,
        ),
        migration=f'op.create_chunk_index("{name}", "{found.root}", columns=[{columns}])',
        statement=statement.counted.statement,
    )
