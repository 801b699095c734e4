"""One call at a time for each key, whose outcome all share who asked meanwhile."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class _Flight(Generic[ResultT]):
    """A call under way; `version` is what its caller had heard of when it began."""

    version: int
    outcome: "Future[ResultT]" = field(default_factory=Future)


class SingleFlight(Generic[ResultT]):
    """A crowd that asks for the same thing makes one call; a failure is shared like a result."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[ResultT]] = {}

    def do(self, key: Hashable, call: Callable[[], ResultT], version: int = 0) -> ResultT:
        """The outcome of `call`, or of one under way that began with the same version or a newer.

        One that began with an older version may not have seen what this caller was told of: it is
        waited for, and then called anew.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight(version)
            if leads:
                return self._lead(key, flight, call)
            if flight.version >= version:
                return flight.outcome.result()
            wait([flight.outcome])

    def is_under_way(self, key: Hashable) -> bool:
        """Whether somebody makes a call for this key just now."""
        return key in self._flights

    def _lead(
        self, key: Hashable, flight: _Flight[ResultT], call: Callable[[], ResultT]
    ) -> ResultT:
        try:
            result = call()
        except BaseException as error:
            self._land(key)
            flight.outcome.set_exception(error)
            raise
        self._land(key)
        flight.outcome.set_result(result)
        return result

    def _land(self, key: Hashable) -> None:
        """Before the outcome is told: who was kept waiting by it may start another."""
        with self._lock:
            del self._flights[key]
