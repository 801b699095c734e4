"""How a process writes its log: lines for people or JSON, each with the request it belongs to."""

import logging
import sys
from contextvars import ContextVar
from itertools import count
from secrets import token_hex

_LINE = "%(asctime)s %(levelname)s %(message)s"
_LINE_OF_REQUEST = "%(asctime)s %(levelname)s [%(request_id)s] %(message)s"
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s"
_NO_REQUEST = ""

request_id: ContextVar[str] = ContextVar("oi_request_id", default=_NO_REQUEST)
"""The request that is answered here; empty outside of any."""


class Ids:
    """Request ids of a process: no two of them are equal, nor those of two processes."""

    def __init__(self) -> None:
        self._prefix = token_hex(4)
        self._numbers = count(1)

    def next(self) -> str:
        """Another id."""
        return f"{self._prefix}-{next(self._numbers):x}"


class _Formatter(logging.Formatter):
    """A line, which names the request where there is one."""

    def __init__(self) -> None:
        super().__init__(_LINE)
        self._of_request = logging.Formatter(_LINE_OF_REQUEST)

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "request_id", None):
            return self._of_request.format(record)
        return super().format(record)


def configure(level: int, form: str) -> None:
    """Write what is logged from now on to standard error; `form` is "text" or "json"."""
    logging.basicConfig(level=level, handlers=[handler(form)])


def handler(form: str) -> logging.Handler:
    """What writes lines of that form to standard error."""
    made = logging.StreamHandler(sys.stderr)
    made.addFilter(_with_request)
    made.setFormatter(_json() if form == "json" else _Formatter())
    return made


def _with_request(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    renamed = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(_FIELDS, rename_fields=renamed)
