"""EXPLAIN's JSON as the lines a person reads."""

from collections.abc import Iterator, Mapping
from typing import Any

_DETAILS = ("Index Cond", "Filter", "Sort Key", "Group Key", "Hash Cond", "Join Filter")


def plan_lines(plan: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """One line a node, its conditions below; of one parent's chunks three are shown."""
    indent = "  " * depth
    yield f"{indent}{_title(plan)}  (cost={plan['Total Cost']:.0f} rows={plan['Plan Rows']})"
    for detail in _DETAILS:
        if detail in plan:
            value = plan[detail]
            shown = ", ".join(value) if isinstance(value, list) else value
            yield f"{indent}    {detail}: {shown}"
    children = plan.get("Plans", [])
    for child in children[:3]:
        yield from plan_lines(child, depth + 1)
    if len(children) > 3:
        yield f"{indent}  … and {len(children) - 3} more like these"


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every node of a plan, parents first."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def _title(plan: Mapping[str, Any]) -> str:
    title = plan.get("Custom Plan Provider") or plan["Node Type"]
    if "Index Name" in plan:
        title += f" using {plan['Index Name']}"
    if "Relation Name" in plan:
        title += f" on {plan['Relation Name']}"
    return str(title)
