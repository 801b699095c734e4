"""The tree that EXPLAIN (FORMAT JSON) prints, as frozen nodes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node of a plan; rows are per loop, as PostgreSQL prints them.

    `kind` is the node type, or the provider's name for TimescaleDB's custom nodes.
    """

    kind: str
    relationship: str
    relation: str | None
    alias: str | None
    index: str | None
    join_type: str | None
    backward: bool
    index_condition: str | None
    has_filter: bool
    rows_removed: float
    heap_fetches: float
    estimated_rows: float
    actual_rows: float
    loops: float
    shared_hit: int
    shared_read: int
    temp_blocks: int
    total_ms: float
    children: tuple["PlanNode", ...]

    def walk(self) -> Iterator["PlanNode"]:
        """This node and everything below it, top down."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class ExplainedPlan:
    """One statement as the server planned and ran it."""

    root: PlanNode
    planning_ms: float
    execution_ms: float
    planning_buffers: int
    settings: Mapping[str, str]
    document: Mapping[str, Any]


def parse_plan(document: Mapping[str, Any]) -> ExplainedPlan:
    """Read the one element of EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON)'s array."""
    planning = document.get("Planning", {})
    return ExplainedPlan(
        root=_node(document["Plan"]),
        planning_ms=float(document.get("Planning Time", 0.0)),
        execution_ms=float(document.get("Execution Time", 0.0)),
        planning_buffers=int(
            planning.get("Shared Hit Blocks", 0) + planning.get("Shared Read Blocks", 0)
        ),
        settings=document.get("Settings", {}),
        document=document,
    )


def _node(raw: Mapping[str, Any]) -> PlanNode:
    return PlanNode(
        kind=raw.get("Custom Plan Provider") or raw["Node Type"],
        relationship=raw.get("Parent Relationship", ""),
        relation=raw.get("Relation Name") or raw.get("CTE Name") or raw.get("Function Name"),
        alias=raw.get("Alias"),
        index=raw.get("Index Name"),
        join_type=raw.get("Join Type"),
        backward=raw.get("Scan Direction") == "Backward",
        index_condition=raw.get("Index Cond") or raw.get("Recheck Cond"),
        has_filter="Filter" in raw or "Join Filter" in raw,
        rows_removed=_number(raw, "Rows Removed by Filter"),
        heap_fetches=_number(raw, "Heap Fetches"),
        estimated_rows=_number(raw, "Plan Rows"),
        actual_rows=_number(raw, "Actual Rows"),
        loops=_number(raw, "Actual Loops"),
        shared_hit=int(_number(raw, "Shared Hit Blocks")),
        shared_read=int(_number(raw, "Shared Read Blocks")),
        temp_blocks=int(_number(raw, "Temp Read Blocks") + _number(raw, "Temp Written Blocks")),
        total_ms=_number(raw, "Actual Total Time"),
        children=tuple(_node(child) for child in raw.get("Plans", ())),
    )


def _number(raw: Mapping[str, Any], key: str) -> float:
    return float(raw.get(key, 0))
