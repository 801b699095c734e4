"""Logging in as the broker has it: a redirect, a token used once, a checksum, a session.

https://kite.trade/docs/connect/v3/user/#login-flow
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.kite.standin.errors import KiteError, input_error, token_error

_REQUEST_TOKEN_S = 300.0
_EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "MF")
_PRODUCTS = ("CNC", "NRML", "MIS", "BO", "CO")
_ORDER_TYPES = ("MARKET", "LIMIT", "SL", "SL-M")


@dataclass(frozen=True, slots=True)
class Account:
    """An app that is registered with the broker, and whose user it logs in."""

    api_key: str = "standin"
    api_secret: str = "standin-secret"  # noqa: S105  # everybody may know it
    redirect_url: str = "http://127.0.0.1:5050/broker/callback"
    user_id: str = "SI0001"
    user_name: str = "Stand In"

    def profile(self) -> dict[str, object]:
        """Who the user is."""
        return {
            "user_id": self.user_id,
            "user_type": "individual",
            "email": "stand.in@example.org",
            "user_name": self.user_name,
            "user_shortname": self.user_name.split()[0],
            "broker": "ZERODHA",
            "exchanges": list(_EXCHANGES),
            "products": list(_PRODUCTS),
            "order_types": list(_ORDER_TYPES),
            "avatar_url": None,
            "meta": {"demat_consent": "physical"},
        }


class Sessions:
    """The tokens of one app: one session at a time, a new login ends the one before."""

    def __init__(
        self,
        account: Account,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account = account
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._request_tokens: dict[str, float] = {}
        self._access_token: str | None = None

    def login(self, api_key: str, redirect_params: str = "") -> str:
        """Log the user in, as its page would; the address to go on to, with a request token."""
        if api_key != self.account.api_key:
            raise input_error("Invalid `api_key`.")
        token = secrets.token_hex(16)
        with self._lock:
            self._request_tokens[token] = self._clock()
        parts = urlsplit(self.account.redirect_url)
        query = [
            *parse_qsl(parts.query),
            *parse_qsl(redirect_params),
            ("action", "login"),
            ("type", "login"),
            ("status", "success"),
            ("request_token", token),
        ]
        return urlunsplit(parts._replace(query=urlencode(query)))

    def exchange(self, api_key: str, request_token: str, checksum: str) -> dict[str, object]:
        """A session for a request token, which is used up; raises KiteError (403)."""
        secret = self.account.api_secret
        expected = hashlib.sha256(f"{api_key}{request_token}{secret}".encode()).hexdigest()
        if api_key != self.account.api_key or not hmac.compare_digest(
            expected.encode(), checksum.encode()
        ):
            raise token_error("Invalid `checksum`.")
        with self._lock:
            made = self._request_tokens.pop(request_token, None)
            if made is None or self._clock() - made > _REQUEST_TOKEN_S:
                raise token_error("Token is invalid or has expired.")
            self._access_token = secrets.token_hex(16)
            return self._session(self._access_token)

    def sign_in(self) -> str:
        """An access token without the way there, for who is at home here."""
        with self._lock:
            self._access_token = secrets.token_hex(16)
            return self._access_token

    def invalidate(self, api_key: str, access_token: str) -> bool:
        """Log out; raises KiteError (403) for a session that does not exist."""
        self.demand(api_key, access_token)
        self.expire()
        return True

    def expire(self) -> None:
        """End the session, as the broker does each morning."""
        with self._lock:
            self._access_token = None

    def demand(self, api_key: str, access_token: str) -> None:
        """Raise KiteError (403) unless this is the session's token."""
        known = self._access_token
        if (
            known is None
            or api_key != self.account.api_key
            or not hmac.compare_digest(known.encode(), access_token.encode())
        ):
            raise token_error()

    def demand_header(self, authorization: str) -> None:
        """`demand` with what stands in an Authorization header: token api_key:access_token."""
        scheme, _, pair = authorization.partition(" ")
        api_key, colon, access_token = pair.strip().partition(":")
        if scheme.lower() != "token" or not colon:
            raise KiteError(403, "TokenException", "Invalid `Authorization` header.")
        self.demand(api_key, access_token)

    def _session(self, access_token: str) -> dict[str, object]:
        return self.account.profile() | {
            "api_key": self.account.api_key,
            "access_token": access_token,
            "public_token": secrets.token_hex(16),
            "enctoken": secrets.token_urlsafe(32),
            "refresh_token": "",
            "silo": "",
            "login_time": f"{self._now():%Y-%m-%d %H:%M:%S}",
        }
