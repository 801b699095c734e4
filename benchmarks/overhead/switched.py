"""The web server that times a request or does not, as the request's header says: for measuring.

Both ways are ways of one process: two would differ by more than what timing costs.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from app.telemetry.logs import request_id
from app.telemetry.process import Telemetry
from app.web import factory
from app.web.measuring import ID_HEADER, Measured

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Timing"
ON, OFF, SUM = "on", "off", "sum"
"""Timed, not timed; and what the process has taken of the CPU, in ns, all told so far counted."""

_KEY = "HTTP_X_TIMING"


class Switched(Measured):
    """Counts what was timed when it is asked for the sum, so that it belongs to those requests."""

    def __init__(self, app: "WSGIApplication", telemetry: Telemetry) -> None:
        super().__init__(app, telemetry)
        # its own thread would count beside requests that are not timed
        telemetry.recorder.close()

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        way = environ.get(_KEY)
        if way == OFF:
            return self._named(environ, start)
        if way == SUM:
            self.telemetry.recorder.count()
            told = str(time.process_time_ns()).encode()
            start("200 OK", [("Content-Length", str(len(told)))])
            return [told]
        return super().__call__(environ, start)

    def _named(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Not timed; its id, which the log needs, it has all the same."""
        id_ = self._ids.next()

        def begin(line: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            headers.append((ID_HEADER, id_))
            return start(line, headers, *more)

        token = request_id.set(id_)
        try:
            return self.inner(environ, begin)
        finally:
            request_id.reset(token)


if __name__ == "__main__":
    from app.cli.serve import command

    # the application is built with it
    setattr(factory, Measured.__name__, Switched)
    command()
