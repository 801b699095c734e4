"""Who really asks when proxies stand before this server: only those that are trusted are believed.

Each proxy appends the address it was asked from to X-Forwarded-For, so that the rightmost one that
no trusted proxy has is the client's; what stands left of it anybody may have written.
"""

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SCHEMES = frozenset({"http", "https"})


class TrustedProxies:
    """WSGI middleware that sets the client's address and scheme as trusted proxies report them."""

    def __init__(self, app: "WSGIApplication", trusted: Iterable[str]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(each, strict=False) for each in trusted]

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if self._trusts(address_of(environ.get("REMOTE_ADDR", ""))):
            environ["REMOTE_ADDR"] = self._client(environ)
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            if scheme in _SCHEMES:
                environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start)

    def _client(self, environ: "WSGIEnvironment") -> str:
        client: str = environ["REMOTE_ADDR"]
        for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = address_of(hop)
            if address is None:
                break
            client = str(address)
            if not self._trusts(address):
                break
        return client

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def address_of(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; None for anything else."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def counted_as(text: str | None) -> str:
    """The address that limits count by: of IPv6 the network of 64 bits, which one client owns."""
    address = address_of(text or "")
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address) if address else "unknown"
