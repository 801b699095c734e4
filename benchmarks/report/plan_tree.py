"""A plan as a tree of nodes to look at: own time, rows against the estimate, pages, the hottest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.plans.node import PlanNode, parse_plan
from benchmarks.plans.shape import label

_MISJUDGED = 10.0
_SHOWN_CHILDREN = 12
# what EXPLAIN says about a node beyond its type, in the order it is worth reading
_DETAILS = (
    "Index Cond",
    "Recheck Cond",
    "Filter",
    "Rows Removed by Filter",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Vectorized Filter",
    "Sort Key",
    "Sort Method",
    "Group Key",
    "Heap Fetches",
    "Chunks excluded during startup",
    "Chunks excluded during runtime",
    "Workers Launched",
)


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One node: `own_ms` without its children over all loops, `share` of the whole plan's time.

    `rows` and `estimated` are per loop, `buffers` 8 KiB pages touched by the node itself.
    """

    label: str
    details: Sequence[tuple[str, str]]
    own_ms: float
    share: float
    rows: float
    estimated: float
    loops: float
    buffers: int
    read: int
    is_hottest: bool
    children: Sequence["TreeNode"]
    more: Sequence["TreeNode"]

    @property
    def never_ran(self) -> bool:
        """Whether the plan held this node and did not need it."""
        return self.loops == 0

    @property
    def is_misjudged(self) -> bool:
        """Whether the estimate of rows missed by a factor of ten or more."""
        low, high = sorted((max(self.estimated, 1.0), max(self.rows, 1.0)))
        return not self.never_ran and high / low >= _MISJUDGED


def plan_tree(document: Mapping[str, Any]) -> TreeNode | None:
    """The tree of one EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) document; None where it has none."""
    if "Plan" not in document:
        return None
    root = parse_plan(document).root
    total_ms = max(_total_ms(root), 1e-6)
    hottest = max(root.walk(), key=_own_ms)
    return _tree(root, document["Plan"], total_ms, hottest)


def _tree(node: PlanNode, raw: Mapping[str, Any], total_ms: float, hottest: PlanNode) -> TreeNode:
    children = [
        _tree(child, raw_child, total_ms, hottest)
        for child, raw_child in zip(node.children, raw.get("Plans", ()), strict=True)
    ]
    own_ms = _own_ms(node)
    return TreeNode(
        # the conditions stand below it with their values
        label=label(replace(node, index_condition=None, has_filter=False)),
        details=tuple(_details(raw)),
        own_ms=own_ms,
        share=min(1.0, own_ms / total_ms),
        rows=node.actual_rows,
        estimated=node.estimated_rows,
        loops=node.loops,
        buffers=_own_pages(node, hit=True) + _own_pages(node, hit=False),
        read=_own_pages(node, hit=False),
        is_hottest=node is hottest,
        children=children[:_SHOWN_CHILDREN],
        more=children[_SHOWN_CHILDREN:],
    )


def _total_ms(node: PlanNode) -> float:
    return node.total_ms * node.loops


def _own_ms(node: PlanNode) -> float:
    return max(0.0, _total_ms(node) - sum(map(_total_ms, node.children)))


def _own_pages(node: PlanNode, *, hit: bool) -> int:
    pages = [one.shared_hit if hit else one.shared_read for one in (node, *node.children)]
    return max(0, pages[0] - sum(pages[1:]))


def _details(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _DETAILS:
        value = raw.get(name)
        if value is not None and value != 0:
            yield name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
