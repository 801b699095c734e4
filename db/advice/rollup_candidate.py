"""Statements that aggregate history by time again and again: a rollup would hold their answer."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any

from sqlalchemy import Connection

from db.advice.conditions import scans
from db.advice.plan_text import nodes
from db.advice.proposal import Advice, PlannedStatement
from db.advice.relations import Hypertable, hypertables, relation_facts, rollup_sources

_LEAST_PAGES = 1000
# PostgreSQL's 63 bytes, less what the engine and a number add
_LONGEST_NAME = 48
_BUCKETED = re.compile(r"\b(?:time_bucket|date_trunc|date_bin)\(")
_AGGREGATE = re.compile(r"^(?:PARTIAL )?(sum|count|min|max|first|last|avg)\((.*)\)$")
_QUALIFIER = re.compile(r'(?:[a-z_][\w$]*|"[^"]+")\.(?=[a-z_"])')


def rollup_candidates(
    connection: Connection, planned: tuple[PlannedStatement, ...]
) -> Iterator[Advice]:
    """One rollup for each hypertable and set of group columns that no rollup keeps yet."""
    known = {table.root: table for table in hypertables(connection)}
    there = rollup_sources(connection)
    kept = {(row.source, frozenset(row.group_by)) for row in there}
    names = {row.name for row in there}
    for statement in planned:
        if statement.counted.pages / max(statement.counted.calls, 1) < _LEAST_PAGES:
            continue
        table = _read_hypertable(connection, statement, known)
        grouped = _grouping(statement.plan)
        if table is None or grouped is None:
            continue
        group_by, aggregates = grouped
        group_by = [*dict.fromkeys([*_chosen_by(statement, table), *group_by])]
        if aggregates and (table.root, frozenset(group_by)) not in kept:
            kept.add((table.root, frozenset(group_by)))
            name = free_name(table.name, group_by, names)
            names.add(name)
            yield _advice(statement, table, name, group_by, aggregates)


def free_name(table: str, group_by: Sequence[str], taken: Collection[str]) -> str:
    """A rollup's name that says what it groups by, and that no other one has."""
    stem = "_".join([table, "by", *(group_by or ["time"])])[:_LONGEST_NAME]
    numbered = (f"{stem}_{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in taken)


def _chosen_by(statement: PlannedStatement, table: Hypertable) -> list[str]:
    """Columns that the statement chooses rows by, beside the time: the rollup must keep them."""
    columns = (c for scan in scans(statement.plan) for c in (*scan.equal, *scan.ranged))
    return [column for column in dict.fromkeys(columns) if column != table.time_column]


def _read_hypertable(
    connection: Connection, statement: PlannedStatement, known: Mapping[str, Hypertable]
) -> Hypertable | None:
    """The one hypertable it reads; None for none or several."""
    roots = {
        found.root
        for scan in scans(statement.plan)
        if (found := relation_facts(connection, scan.schema, scan.relation)) is not None
    }
    return known.get(roots.pop()) if len(roots) == 1 else None


def _grouping(plan: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
    """Group columns beside the bucket, and the aggregates, of the first aggregation by time."""
    for node in nodes(plan):
        keys = [_bare(key) for key in node.get("Group Key", ())]
        if any(_BUCKETED.search(key) for key in keys):
            others = [key for key in keys if re.fullmatch(r"[a-z_][\w$]*", key)]
            output = (_bare(column) for column in node.get("Output", ()))
            return others, [column for column in output if _AGGREGATE.match(column)]
    return None


def _bare(expression: str) -> str:
    return _QUALIFIER.sub("", expression).removeprefix("PARTIAL ")


def _advice(
    statement: PlannedStatement,
    table: Hypertable,
    name: str,
    group_by: list[str],
    aggregates: list[str],
) -> Advice:
    columns = "\n".join(
        f"        {json.dumps(_column_name(aggregate, number))}: {json.dumps(aggregate)},"
        for number, aggregate in enumerate(aggregates, start=1)
    )
    migration = (
        "op.create_rollup(\n"
        f'    "{name}",\n'
        f'    source="{table.root}",\n'
        f'    time_column="{table.time_column}",\n'
        "    bucket=timedelta(minutes=1),  # the width the statement groups by\n"
        f"    group_by={json.dumps(group_by)},\n"
        "    aggregates={\n"
        f"{columns}\n"
        "    },\n"
        ")"
    )
    return Advice(
        kind="rollup",
        target=table.root,
        evidence=(statement.cost_text, f"groups {table.row_count or 0:,.0f} rows by time"),
        migration=migration,
        statement=statement.counted.statement,
    )


def _column_name(aggregate: str, number: int) -> str:
    match = _AGGREGATE.match(aggregate)
    words = re.findall(r"[a-z_]\w*", match[2]) if match else []
    return "_".join([words[0] if words else "rows", match[1] if match else str(number)])
