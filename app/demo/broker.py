"""A stand-in for the broker as a part of the demo, and the login there that nobody has to make."""

import logging
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from app.kite.account import Account, account_of
from app.kite.client import BrokerClient
from app.kite.errors import BrokerError, LoginNeededError
from app.kite.login import login_address
from app.kite.standin.sessions import Account as StandInAccount
from app.kite.standin.visit import visited
from app.web.auth.session_key import session_key
from db.settings import Settings

_LOG = logging.getLogger("oi.demo")
_ASK_S = 2.0


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
            "OI_KITE_LOGIN_URL": self._login_page(),
        }

    def tend(self) -> None:
        """Log in when the stand-in is up and knows nobody: at first, and after it has ended."""
        if self.clock() < self._ask_at:
            return
        self._ask_at = self.clock() + _ASK_S
        if self._account is None:
            self._account = account_of(self._its_settings(), session_key)
        page = login_address(StandInAccount().api_key, self._login_page())
        try:
            self._account.ask(BrokerClient.profile)
        except LoginNeededError:
            with suppress(BrokerError):
                self._account.exchange(visited(page))
        except BrokerError as error:
            _LOG.debug("the stand-in does not answer yet: %s", error)

    def _its_settings(self) -> Settings:
        known = StandInAccount()
        return replace(
            self.settings,
            kite_api_key=known.api_key,
            kite_api_secret=known.api_secret,
            kite_root=self._address("http"),
        )

    def _login_page(self) -> str:
        return f"{self._address('http')}/connect/login"

    def _address(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
