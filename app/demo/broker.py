"""A stand-in for the broker as a part of the demo, and the login there that nobody has to make."""

import logging
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.kite.account import Account, account_of
from app.kite.client import BrokerClient
from app.kite.errors import BrokerError, LoginNeededError
from app.kite.login import login_address
from app.kite.standin.sessions import Account as StandInAccount
from app.web.auth.session_key import session_key
from db.settings import Settings

_LOG = logging.getLogger("oi.demo")
_ASK_S = 2.0
_ANSWER_S = 2.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class StandInBroker:
    """Where the stand-in is to run, and who logs in at it whenever its session is none any more."""

    settings: Settings
    clock: Callable[[], float] = time.monotonic
    port: int = field(default_factory=lambda: _free_port())
    _account: Account | None = None
    _ask_at: float = 0.0

    @property
    def arguments(self) -> list[str]:
        """What starts the stand-in, which trades at any hour."""
        return ["-m", "app", "kite", "standin", "--port", str(self.port), "--always-open"]

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of a program that takes the stand-in for the broker."""
        known = StandInAccount()
        return {
            "OI_KITE_API_KEY": known.api_key,
            "OI_KITE_API_SECRET": known.api_secret,
            "OI_KITE_ROOT": self._address("http"),
            "OI_KITE_TICKER_ROOT": self._address("ws"),
        }

    def tend(self) -> None:
        """Log in when the stand-in is up and knows nobody: at first, and after it has ended."""
        if self.clock() < self._ask_at:
            return
        self._ask_at = self.clock() + _ASK_S
        if self._account is None:
            self._account = account_of(self._its_settings(), session_key)
        try:
            self._account.ask(BrokerClient.profile)
        except LoginNeededError:
            self._log_in(self._account)
        except BrokerError as error:
            _LOG.debug("the stand-in does not answer yet: %s", error)

    def _log_in(self, account: Account) -> None:
        known = StandInAccount()
        page = login_address(known.api_key, f"{self._address('http')}/connect/login")
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            opener.open(page, timeout=_ANSWER_S).close()
        except urllib.error.HTTPError as led:
            with led:
                query = parse_qs(urlsplit(led.headers.get("Location", "")).query)
            try:
                account.exchange(query["request_token"][0])
            except (BrokerError, KeyError) as error:
                _LOG.warning("logging in at the stand-in failed: %s", error)
        except OSError as error:
            _LOG.debug("the stand-in does not answer yet: %s", error)

    def _its_settings(self) -> Settings:
        known = StandInAccount()
        return replace(
            self.settings,
            kite_api_key=known.api_key,
            kite_api_secret=known.api_secret,
            kite_root=self._address("http"),
        )

    def _address(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
