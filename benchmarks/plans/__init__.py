"""Query plans as data: parsed, normalized, fingerprinted, weighed."""

from benchmarks.plans.explain import explain
from benchmarks.plans.figures import PlanFigures, figures_of
from benchmarks.plans.node import PlanNode, parse_plan
from benchmarks.plans.shape import fingerprint, shape_lines

__all__ = [
    "PlanFigures",
    "PlanNode",
    "explain",
    "figures_of",
    "fingerprint",
    "parse_plan",
    "shape_lines",
]
