"""What stays the same when only names of chunks, numbers of them, costs and times differ."""

import hashlib
from collections.abc import Iterable
from itertools import groupby

from benchmarks.plans.names import condition_without_values, index_name, relation_name
from benchmarks.plans.node import PlanNode


def shape_lines(root: PlanNode) -> list[str]:
    """The plan as indented lines; equal siblings (one a chunk) are shown once."""
    return list(_lines(root, depth=0))


def fingerprint(roots: Iterable[PlanNode]) -> str:
    """Twelve hexadecimal digits that are equal for plans of equal shape."""
    text = "\n\n".join("\n".join(shape_lines(root)) for root in roots)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def label(node: PlanNode) -> str:
    """One node in words: what it does, on what, by which index and condition."""
    words = [f"[{node.relationship}]"] if node.relationship in ("InitPlan", "SubPlan") else []
    words.append(f"{node.kind} {node.join_type}" if node.join_type else node.kind)
    if node.backward:
        words.append("backward")
    if node.index:
        words.append(f"using {index_name(node.index)}")
    if node.relation:
        words.append(f"on {relation_name(node.relation, node.alias)}")
    if node.index_condition:
        words.append(f"by {condition_without_values(node.index_condition)}")
    if node.has_filter:
        words.append("with filter")
    return " ".join(words)


def _lines(node: PlanNode, depth: int) -> Iterable[str]:
    yield "  " * depth + label(node)
    blocks = [tuple(_lines(child, depth + 1)) for child in node.children]
    for block, _ in groupby(blocks):
        yield from block
