"""The official KiteConnect client at the stand-in, and requests as a browser makes them."""

import gzip
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from app.kite.standin import StandIn


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def login(standin: StandIn, **more: str) -> str:
    """Go through the login page; the address it leads back to."""
    query = urllib.parse.urlencode({"api_key": standin.sessions.account.api_key, "v": "3", **more})
    opener = urllib.request.build_opener(_NoRedirects)
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(f"{standin.url}/connect/login?{query}")
    caught.value.close()
    assert caught.value.code == 302
    return str(caught.value.headers["Location"])


def client(standin: StandIn, access_token: str | None = None) -> Any:
    """The official client, pointed there."""
    from kiteconnect import KiteConnect

    api_key = standin.sessions.account.api_key
    return KiteConnect(api_key, access_token=access_token, root=standin.url)


def is_refused(call: Callable[[], object], code: int) -> str:
    """The name of the official client's error; it carries the HTTP status."""
    from kiteconnect.exceptions import KiteException

    with pytest.raises(KiteException) as caught:
        call()
    assert caught.value.code == code
    return type(caught.value).__name__


def fetched(standin: StandIn, path: str, method: str = "GET", body: object = None) -> bytes:
    """The body of an answer, a refusal's too; unpacked where it came packed."""

    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept-Encoding": "gzip"}
    url = f"{standin.url}/{path}"
    ask = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # loopback
    try:
        with urllib.request.urlopen(ask) as answer:  # noqa: S310
            found: bytes = answer.read()
            packed = answer.headers.get("Content-Encoding") == "gzip"
            return gzip.decompress(found) if packed else found
    except urllib.error.HTTPError as error:
        with error:
            return error.read()
