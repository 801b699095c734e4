"""Named questions, each with the legacy SQL that asks it and the read that answers it now."""

from benchmarks.workloads.catalogue import WORKLOADS, chosen
from benchmarks.workloads.workload import Workload

__all__ = ["WORKLOADS", "Workload", "chosen"]
