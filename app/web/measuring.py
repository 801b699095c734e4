"""Times each request to the first byte of its answer, and gives it an id for its log lines."""

from collections.abc import Iterable
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from app.telemetry.logs import Ids, request_id
from app.telemetry.process import Telemetry
from app.telemetry.timing import Operation, ended

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "(no route)"
ID_HEADER = "X-Request-ID"
HANDED_OVER = "oi.handed_over"
"""Where a route whose socket got another owner, and that so answers nothing, leaves its rule."""

_SERVER_ERROR = 500


class Measured:
    """WSGI middleware around the application, which is `inner`.

    An answer here is whole when it is given, so that its first byte leaves when the application
    returns; one that ends with an error of the server's counts as failed.
    """

    def __init__(self, app: "WSGIApplication", telemetry: Telemetry) -> None:
        self.inner = app
        self.telemetry = telemetry
        self._ids = Ids()

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        began = perf_counter()
        end_span = self.telemetry.enter()
        id_ = self._ids.next()
        status, rule, size = 0, None, None

        # each request comes by here: an object of its own would cost more
        def begin(line: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal status, rule, size
            status, size = int(line[:3]), _size(headers)
            headers.append((ID_HEADER, id_))
            # Flask forgets what it was asked once it has answered
            request = environ.get("werkzeug.request")
            found = None if request is None else request.url_rule
            rule = _NO_ROUTE if found is None else found.rule
            return start(line, headers, *more)

        token = request_id.set(id_)
        try:
            return self.inner(environ, begin)
        finally:
            duration_s = perf_counter() - began
            request_id.reset(token)
            route = _route(
                environ.get("REQUEST_METHOD", ""), rule or environ.get(HANDED_OVER, _NO_ROUTE)
            )
            ended(Operation("route", route, duration_s, status >= _SERVER_ERROR, size))
            if end_span is not None:
                end_span(route, status)


def _size(headers: list[tuple[str, str]]) -> int | None:
    for name, value in headers:
        if name == "Content-Length":
            return int(value)
    return None


@lru_cache(maxsize=1024)
def _route(method: str, rule: str) -> str:
    """Method and rule: of paths there are endlessly many, of rules a few."""
    return f"{method if method in _METHODS else 'OTHER'} {rule}"
