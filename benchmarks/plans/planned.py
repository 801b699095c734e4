"""How a server answers a few requests: the dearest one's statements, plans and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import plans
from benchmarks.plans.explain import explained
from benchmarks.plans.node import ExplainedPlan
from benchmarks.server.databases import Session
from benchmarks.timing.requests import Request

_EXPLAINED_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """How a server answered the dearest (by buffers) of a few requests."""

    statements: Sequence[str]
    shape: Sequence[Sequence[str]]
    fingerprint: str
    figures: plans.PlanFigures
    settings: Mapping[str, str]
    documents: Sequence[Mapping[str, Any]]


def planned(session: Session, requests: Sequence[Request]) -> Planned:
    """Explain a few requests, each after a run that warms it, and keep the dearest."""
    candidates = []
    for request in requests[:_EXPLAINED_REQUESTS]:
        explained(session, request)
        candidates.append((request, explained(session, request)))
    request, dearest = max(candidates, key=lambda pair: plans.figures_of(pair[1]).buffers)
    return described(request, dearest)


def described(request: Request, explained_plans: Sequence[ExplainedPlan]) -> Planned:
    """The plans of one request as a value to keep."""
    roots = [plan.root for plan in explained_plans]
    return Planned(
        statements=[statement.text for statement in request],
        shape=[plans.shape_lines(root) for root in roots],
        fingerprint=plans.fingerprint(roots),
        figures=plans.figures_of(explained_plans),
        settings=dict(explained_plans[-1].settings),
        documents=[plan.document for plan in explained_plans],
    )
