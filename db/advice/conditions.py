"""Which columns a plan compares, read from its conditions.

EXPLAIN (VERBOSE) qualifies every column, and prints conditions one way:
https://www.postgresql.org/docs/current/using-explain.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from db.advice.plan_text import nodes

_NAME = r'(?:[a-z_][\w$]*|"(?:[^"]|"")+")'
_COMPARED = re.compile(rf"(?:{_NAME}\.)?({_NAME})(?:\)?::[\w ]+)? (=|>=|<=|>|<) (?!{_NAME}\.)")


@dataclass(frozen=True)
class Scan:
    """One table or chunk that a plan reads; columns in the order of the conditions."""

    node_type: str
    schema: str
    relation: str
    equal: tuple[str, ...]
    ranged: tuple[str, ...]
    total_cost: float
    condition: str

    @property
    def key(self) -> tuple[str, ...]:
        """The index that would serve the scan: what is fixed first, then one range."""
        return (*self.equal, *self.ranged[:1])


def scans(plan: Mapping[str, Any]) -> Iterator[Scan]:
    """Every scan of a table in a plan."""
    for node in nodes(plan):
        if "Relation Name" in node and "Schema" in node:
            yield _scan(node)


def compared(condition: str) -> Iterator[tuple[str, str]]:
    """(column, operator) of each comparison of a column with something that is no column."""
    for match in _COMPARED.finditer(condition):
        yield _unquoted(match[1]), match[2]


def _scan(node: Mapping[str, Any]) -> Scan:
    condition = " AND ".join(node[kind] for kind in ("Index Cond", "Filter") if kind in node)
    found = list(compared(condition))
    equal = _unique(column for column, operator in found if operator == "=")
    ranged = _unique(column for column, operator in found if operator != "=")
    return Scan(
        node_type=node["Node Type"],
        schema=node["Schema"],
        relation=node["Relation Name"],
        equal=equal,
        ranged=tuple(column for column in ranged if column not in equal),
        total_cost=node["Total Cost"],
        condition=condition,
    )


def _unique(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(columns))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
