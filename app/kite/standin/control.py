"""The stand-in's own routes under /standin: faults, orders, and what was sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from app.kite.standin.errors import KiteError, input_error
from app.kite.standin.faults import Fault, Faults, fault_named
from app.kite.standin.ledger import Ledger
from app.kite.standin.rest import Answer, Ask, refusal, success


class SetFault(Protocol):
    """Lets something go wrong."""

    def __call__(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        seconds: float | None = None,
        value: object = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Control:
    """GET, POST, DELETE /standin/fault; GET /standin/sent; POST /standin/order."""

    set_fault: SetFault
    clear: Callable[[Fault | None], None]
    order: Callable[[dict[str, Any]], None]
    faults: Faults
    ledger: Ledger

    def answer(self, ask: Ask) -> Answer:
        """The answer to a request; a refusal is one too."""
        try:
            return success(self._done(ask))
        except KiteError as error:
            return refusal(error)

    def _done(self, ask: Ask) -> object:
        match ask.method, *ask.path[1:]:
            case "GET", "sent":
                return self.ledger.as_json()
            case "POST", "order":
                self.order(_object(ask))
            case "POST", "fault":
                self._set(_object(ask))
            case "DELETE", "fault":
                self.clear(None)
            case "DELETE", "fault", name:
                self.clear(fault_named(name))
            case "GET", "fault":
                pass
            case _:
                raise KiteError(404, "GeneralException", "Route not found")
        return {"faults": self.faults.names()}

    def _set(self, wish: dict[str, Any]) -> None:
        times, seconds = wish.get("times"), wish.get("seconds")
        if times is not None and type(times) is not int:
            raise input_error("`times` must be a whole number.")
        if seconds is not None and type(seconds) not in (int, float):
            raise input_error("`seconds` must be a number.")
        name = str(wish.get("fault", ""))
        self.set_fault(fault_named(name), times=times, seconds=seconds, value=wish.get("value"))


def _object(ask: Ask) -> dict[str, Any]:
    try:
        found = orjson.loads(ask.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise input_error("The body must be a JSON object.")
    return found
