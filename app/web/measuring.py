"""Times each request to the first byte of its answer, and gives it an id for its log lines."""

from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from app.telemetry.logs import Ids, request_id
from app.telemetry.process import Telemetry
from app.telemetry.timing import Operation, ended

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "(no route)"
HANDED_OVER = "oi.handed_over"
"""Where a route whose socket got another owner, and that so answers nothing, leaves its rule."""

_HEADER = "X-Request-ID"
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
        answer = _Answer(environ, start, self._ids.next())
        token = request_id.set(answer.id)
        try:
            return self.inner(environ, answer)
        finally:
            duration_s = perf_counter() - began
            request_id.reset(token)
            status = answer.status
            route = answer.route or _route(environ, environ.get(HANDED_OVER, _NO_ROUTE))
            ended(Operation("route", route, duration_s, status >= _SERVER_ERROR, answer.size))
            if end_span is not None:
                end_span(route, status)


class _Answer:
    """What the application begins to answer with, as it passes by."""

    __slots__ = ("environ", "id", "route", "size", "start", "status")

    def __init__(self, environ: "WSGIEnvironment", start: "StartResponse", id_: str) -> None:
        self.environ = environ
        self.start = start
        self.id = id_
        self.route: str | None = None
        self.status = 0
        self.size: int | None = None

    def __call__(self, status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        self.status = int(status[:3])
        for name, value in headers:
            if name == "Content-Length":
                self.size = int(value)
                break
        headers.append((_HEADER, self.id))
        # Flask forgets what it was asked once it has answered
        request = self.environ.get("werkzeug.request")
        rule = None if request is None else request.url_rule
        self.route = _route(self.environ, _NO_ROUTE if rule is None else rule.rule)
        return self.start(status, headers, *more)


def _route(environ: "WSGIEnvironment", rule: str) -> str:
    """Method and rule: of paths there are endlessly many, of rules a few."""
    method = environ.get("REQUEST_METHOD", "")
    return f"{method if method in _METHODS else 'OTHER'} {rule}"
