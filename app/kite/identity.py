"""Who has logged in at the broker: a request token exchanged for a name, for signing in here.

Nothing else is asked with the session that comes with it.
https://kite.trade/docs/connect/v3/user/#authentication-and-token-exchange
"""

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson

from app.kite.errors import BrokerError
from app.kite.secrets import scrubber
from db.errors import InvalidInputError

_ROOT = "https://api.kite.trade"
_ANSWER_S = 10.0
_MOST_BYTES = 64 * 1024
_ITS_OWN_FAULT = 500
_SILENT = "The broker does not answer; please try again."
_FAILED = "The broker does not know this login; begin anew at /login."


@dataclass(frozen=True, slots=True)
class App:
    """An app at Kite Connect; `root` is the address of its HTTP interface."""

    api_key: str
    api_secret: str = field(repr=False)
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who logged in, and the session at the broker that came with it."""

    user_id: str
    access_token: str = field(repr=False)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def identified(app: App, request_token: str) -> Identity:
    """Who brought a single-use request token.

    Raises InvalidInputError where that is nobody, BrokerError where the broker does not answer.
    """
    scrubber.hide(app.api_secret, request_token)
    checksum = sha256(f"{app.api_key}{request_token}{app.api_secret}".encode()).hexdigest()
    form = {"api_key": app.api_key, "request_token": request_token, "checksum": checksum}
    answer = _asked(app, "POST", "/session/token", urlencode(form).encode())
    try:
        told = orjson.loads(answer)["data"]
        found = Identity(told["user_id"], told["access_token"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise InvalidInputError(_FAILED) from None
    if not (isinstance(found.user_id, str) and isinstance(found.access_token, str)):
        raise InvalidInputError(_FAILED)
    scrubber.hide(found.access_token)
    return found


def let_go(app: App, found: Identity) -> None:
    """End the session that came with a name, of which nothing is wanted; raises as `identified`."""
    named = urlencode({"api_key": app.api_key, "access_token": found.access_token})
    authorization = f"token {app.api_key}:{found.access_token}"
    _asked(app, "DELETE", f"/session/token?{named}", None, {"Authorization": authorization})


def _asked(
    app: App, method: str, path: str, body: bytes | None, headers: dict[str, str] | None = None
) -> bytes:
    request = urllib.request.Request(  # noqa: S310  # the operator's address, https by default
        f"{(app.root or _ROOT).rstrip('/')}{path}",
        data=body,
        method=method,
        headers={"X-Kite-Version": "3", **(headers or {})},
    )
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=_ANSWER_S) as answer:
            found: bytes = answer.read(_MOST_BYTES)
            return found
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= _ITS_OWN_FAULT:
            raise BrokerError(_SILENT) from None
        raise InvalidInputError(_FAILED) from None
    except (OSError, ValueError):
        raise BrokerError(_SILENT) from None
