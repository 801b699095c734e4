"""Indexes that a counted statement lacks, tried out on one chunk before they are proposed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.advice.conditions import Scan, scans
from db.advice.proposal import Advice, PlannedStatement
from db.advice.relations import Relation, relation_facts, run
from db.advice.statements import generic_plan
from db.timescale.sqltext import compose, ident, joined, relation

_LEAST_ROWS = 10_000
# an index that does not halve the cost of the scan is not worth its writes
_WORTH_SHARE = 0.5


@dataclass(frozen=True)
class Candidate:
    """An index that a scan lacks: columns that are fixed, in any order, then one range."""

    statement: PlannedStatement
    scan: Scan
    found: Relation
    gain: str
    equal: tuple[str, ...]
    ranged: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.equal, *self.ranged)


def missing_indexes(
    connection: Connection, planned: tuple[PlannedStatement, ...]
) -> Iterator[Advice]:
    """The fewest indexes for the tables and columns by which statements search all rows."""
    candidates: list[Candidate] = []
    looked_at: set[tuple[str, tuple[str, ...]]] = set()
    for statement in planned:
        for scan in _full_scans(statement):
            found = relation_facts(connection, scan.schema, scan.relation)
            if found is None or found.row_count < _LEAST_ROWS:
                continue
            if (found.root, scan.key) in looked_at:
                continue
            looked_at.add((found.root, scan.key))
            gain = _tried(connection, statement, scan)
            if gain is not None:
                candidates.append(
                    Candidate(statement, scan, found, gain, scan.equal, scan.ranged[:1])
                )
    for table in dict.fromkeys(candidate.found.root for candidate in candidates):
        for chosen in fewest([c for c in candidates if c.found.root == table]):
            yield _advice(chosen)


def fewest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that serve all of one table: one that begins with another's columns serves both.

    Which fixed column comes first is free, so that a longer index is ordered to fit the shorter.
    """
    chosen: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -len(c.columns)):
        for position, longer in enumerate(chosen):
            fitted = _fitted(longer, candidate, chosen_for=candidates)
            if fitted is not None:
                chosen[position] = fitted
                break
        else:
            chosen.append(candidate)
    return chosen


def _fitted(
    longer: Candidate, shorter: Candidate, *, chosen_for: Sequence[Candidate]
) -> Candidate | None:
    """The longer one with the shorter one's columns first; None where it cannot serve both."""
    if shorter.ranged:
        same = set(shorter.equal) == set(longer.equal) and shorter.ranged == longer.ranged
        return longer if same else None
    if not set(shorter.equal) <= set(longer.equal):
        return None
    if set(longer.equal[: len(shorter.equal)]) == set(shorter.equal):
        return longer
    if any(_begins(longer, other) for other in chosen_for if other.columns != longer.columns):
        return None  # its order serves a third one already
    rest = tuple(column for column in longer.equal if column not in shorter.equal)
    return replace(longer, equal=(*shorter.equal, *rest))


def _begins(longer: Candidate, other: Candidate) -> bool:
    return not other.ranged and set(longer.equal[: len(other.equal)]) == set(other.equal)


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


def _advice(chosen: Candidate) -> Advice:
    scan, found = chosen.scan, chosen.found
    name = "_".join([found.root_name, *chosen.columns, "idx"])[:63]
    columns = ", ".join(f'"{column}"' for column in chosen.columns)
    return Advice(
        kind="missing index",
        target=found.root,
        evidence=(
            chosen.statement.cost_text,
            f"reads all {found.row_count:,.0f} rows of {scan.relation} for {scan.condition}",
            chosen.gain,
        ),
        migration=f'op.create_chunk_index("{name}", "{found.root}", columns=[{columns}])',
        statement=chosen.statement.counted.statement,
    )
