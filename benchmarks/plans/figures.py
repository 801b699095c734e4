"""What a plan cost, in figures that do not depend on how busy the machine was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.plans.names import is_chunk, is_compressed
from benchmarks.plans.node import ExplainedPlan, PlanNode

# TimescaleDB's nodes that hand on what their children read
_GATHERING = frozenset({"ChunkAppend", "ConstraintAwareAppend"})


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """Sums over the statements of one request.

    `buffers` are 8 KiB pages touched while running, `row_error` the worst factor (≥ 1) by which
    a node's estimate missed, `scanned_rows` the rows read from tables including filtered ones.
    """

    buffers: int
    buffers_read: int
    planning_buffers: int
    temp_blocks: int
    rows: float
    scanned_rows: float
    row_error: float
    chunks: int
    planning_ms: float
    execution_ms: float


def figures_of(plans: Iterable[ExplainedPlan]) -> PlanFigures:
    """Add up the plans of the statements that answer one request; rows are the last one's."""
    listed = list(plans)
    nodes = [node for plan in listed for node in plan.root.walk()]
    roots = [plan.root for plan in listed]
    return PlanFigures(
        buffers=sum(root.shared_hit + root.shared_read for root in roots),
        buffers_read=sum(root.shared_read for root in roots),
        planning_buffers=sum(plan.planning_buffers for plan in listed),
        temp_blocks=sum(root.temp_blocks for root in roots),
        rows=roots[-1].actual_rows * roots[-1].loops,
        scanned_rows=sum(_scanned(node) for node in nodes),
        row_error=max((_row_error(node) for root in roots for node in _judged(root)), default=1.0),
        chunks=len({node.relation for node in nodes if node.loops and is_chunk(node.relation)}),
        planning_ms=sum(plan.planning_ms for plan in listed),
        execution_ms=sum(plan.execution_ms for plan in listed),
    )


def _scanned(node: PlanNode) -> float:
    # a columnar scan yields the rows; the scan below it reads segments of a thousand of them
    if not node.relation or node.kind in _GATHERING or is_compressed(node.relation):
        return 0.0
    return (node.actual_rows + node.rows_removed) * node.loops


def _row_error(node: PlanNode) -> float:
    estimated, actual = max(node.estimated_rows, 1.0), max(node.actual_rows, 1.0)
    return max(estimated / actual, actual / estimated)


def _judged(node: PlanNode) -> Iterator[PlanNode]:
    """Nodes whose estimate can be held against what happened.

    Below a Limit a node stops early whatever was estimated, and one that never ran says nothing.
    """
    if not node.loops:
        return
    yield node
    if node.kind != "Limit":
        for child in node.children:
            yield from _judged(child)
