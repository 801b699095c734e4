"""A deterministic history of option chains, of any size, as column arrays."""

from benchmarks.dataset.spec import DatasetSpec

__all__ = ["DatasetSpec"]
