"""Metrics of a process that serves nothing else, on a port of their own, and who may read them."""

import hmac
import ipaddress
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.telemetry.metrics import CONTENT_TYPE
from db.errors import InvalidInputError

_LOOPBACK = "127.0.0.1"
_PATIENCE_S = 10.0


def is_this_machine(host: str) -> bool:
    """Whether a Host header names the machine itself, by an address or as localhost.

    A browser here sends another name when a page of that name has it resolve to this machine (DNS
    rebinding), to read what this machine alone may.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name.lower() == "localhost"


class Exposed:
    """Answers /metrics; without a token on the loopback address, whatever `host` is.

    Raises InvalidInputError where nothing can listen there.
    """

    def __init__(
        self, text: Callable[[], bytes], host: str, port: int, token: str | None = None
    ) -> None:
        class Handler(_Handler):
            exposition = staticmethod(text)
            bearer = token

        address = host if token is not None else _LOOPBACK
        try:
            self._server = ThreadingHTTPServer((address, port), Handler)
        except OSError as error:
            raise InvalidInputError(
                f"Metrics cannot be answered on {address}:{port}: {error.strerror}; "
                "OI_COLLECTOR_METRICS_PORT chooses another port, 0 none."
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_port

    @property
    def address(self) -> str:
        """The address that it listens on."""
        return str(self._server.server_address[0])

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    exposition: Callable[[], bytes]
    bearer: str | None

    def do_GET(self) -> None:
        if self.path != "/metrics":
            self._answer(404, b"There is nothing but /metrics here.\n")
        elif not self._may_read():
            self._answer(403, b"Ask as 127.0.0.1, or send the token of OI_METRICS_TOKEN.\n")
        else:
            self._answer(200, self.exposition())

    def log_message(self, format: str, *args: object) -> None:
        """Who reads metrics every few seconds belongs into no log."""

    def _may_read(self) -> bool:
        if self.bearer is None:
            return is_this_machine(self.headers.get("Host", ""))
        given = self.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.bearer}".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
