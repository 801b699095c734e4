"""What every contender can do."""

from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.workloads import Workload
from benchmarks.workloads.parameters import Parameters


class Asked(Protocol):
    """One question made concrete: answers the request of a number, to its last row."""

    def __call__(self, number: int, /) -> object: ...


class Contender(Protocol):
    """A filled database of some kind; `ask` is timed, `rows` is compared."""

    name: str

    def ask(self, workload: Workload, parameters: Sequence[Parameters]) -> Asked:
        """Prepare a question for timing."""
        ...

    def rows(self, workload: Workload, given: Parameters) -> Sequence[Any]:
        """The rows of one request, with attributes or as mappings."""
        ...

    def size_bytes(self) -> int:
        """What the history takes on disk, with all that is kept beside it."""
        ...
