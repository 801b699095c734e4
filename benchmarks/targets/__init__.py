"""What must hold, in one place; a report holds every figure against it."""

from benchmarks.targets.limits import LIMITS, Limit
from benchmarks.targets.reads import READS, Target

__all__ = ["LIMITS", "READS", "Limit", "Target"]
