"""Which hosts this server answers for; anything else ends before the application sees it."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson

from db.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# https://www.rfc-editor.org/rfc/rfc9110#field.host, with the names and addresses that are in use
_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-][A-Za-z0-9._-]{0,252})(:[0-9]{1,5})?"
)
_ANY = "*"


class HostGate:
    """WSGI middleware: a request for a host that is not ours, or for none, is answered 400."""

    def __init__(self, app: "WSGIApplication", settings: Settings) -> None:
        self._app = app
        self._admits = admitted(settings)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        host = environ.get("HTTP_HOST")
        if host is None and environ.get("SERVER_PROTOCOL") != "HTTP/1.1":
            return self._app(environ, start)
        name = host_name(host or "")
        if name is None:
            return _refuse(start, "The Host header of this request is malformed.")
        if not self._admits(name):
            sentence = f"This server does not answer for {name}; OI_ALLOWED_HOSTS can name it."
            return _refuse(start, sentence)
        return self._app(environ, start)


def host_name(host: str) -> str | None:
    """The name or address in a Host header, in lower case; None for what is malformed."""
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name = found["name"].lower()
    if name.startswith("[") and _address(name[1:-1]) is None:
        return None
    return name.removesuffix(".") or None


def admitted(settings: Settings) -> Callable[[str], bool]:
    """Whether a host is ours, by name.

    A name that leads a browser here under a foreign flag (DNS rebinding) carries no session, as
    cookies are a host's own; so on a loopback address any will do, and elsewhere addresses too.
    """
    listed = frozenset(name.lower() for name in settings.allowed_hosts)
    if _ANY in listed or (not listed and is_loopback(settings.host)):
        return lambda _name: True
    if listed:
        return listed.__contains__
    own = frozenset({"localhost", socket.gethostname().lower(), settings.host.lower()})
    return lambda name: name in own or _address(name.strip("[]")) is not None


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    address = _address(host.strip("[]"))
    return host == "localhost" if address is None else address.is_loopback


def _address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _refuse(start: "StartResponse", sentence: str) -> list[bytes]:
    body = orjson.dumps({"error": sentence})
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start("400 Bad Request", headers)
    return [body]
