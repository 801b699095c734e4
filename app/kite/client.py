"""The broker's REST interface: the official client within the broker's limits, errors in words."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from app.kite import limits
from app.kite.candles import Candles
from app.kite.errors import BrokerError, LoginNeededError, TooManyRequestsError
from app.kite.limits import TokenBucket
from app.kite.secrets import scrubber
from db.market.clock import IST

if TYPE_CHECKING:
    from kiteconnect import KiteConnect

_LOG = logging.getLogger("oi.kite")
_TIMEOUT_S = 10
_CONNECTIONS = 4
_ATTEMPTS = 4
WAIT_S = 2.0
_FORBIDDEN, _TOO_MANY = 403, 429
T = TypeVar("T")


class BrokerClient:
    """What is asked of the broker; every call waits for its turn and may be made by any thread.

    Raises LoginNeededError where the session has ended, BrokerError otherwise.
    """

    def __init__(
        self,
        api_key: str,
        access_token: str | None = None,
        root: str | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        scrubber.hide(access_token)
        self._wait_s = wait_s
        self._client = _client(api_key, access_token, root)
        self._quotes = TokenBucket(limits.QUOTES_PER_S)
        self._historical = TokenBucket(limits.HISTORICAL_PER_S)
        self._others = TokenBucket(limits.OTHERS_PER_S)

    def exchange(self, request_token: str, api_secret: str) -> tuple[str, str]:
        """(user id, access token) for a single-use request token of the login redirect."""
        scrubber.hide(api_secret, request_token)
        answer = self._ask(
            self._others, lambda: self._client.generate_session(request_token, api_secret)
        )
        scrubber.hide(answer["access_token"])
        return answer["user_id"], answer["access_token"]

    def profile(self) -> Mapping[str, Any]:
        """Who is logged in."""
        answer: Mapping[str, Any] = self._ask(self._others, self._client.profile)
        return answer

    def instruments(self) -> str:
        """The day's dump of all instruments as CSV text."""
        # the client's own method loses the whole dump to one bad row
        raw: bytes = self._ask(self._others, lambda: self._client._get("market.instruments.all"))
        return raw.decode("utf-8", errors="replace")

    def quotes(self, names: Sequence[str]) -> dict[str, Any]:
        """Quotes by 'EXCHANGE:SYMBOL', any number of them."""
        found: dict[str, Any] = {}
        for first in range(0, len(names), limits.QUOTE_INSTRUMENTS):
            part = list(names[first : first + limits.QUOTE_INSTRUMENTS])
            found |= self._ask(self._quotes, partial(self._client.quote, part))
        return found

    def candles(self, token: int, start: datetime, end: datetime) -> Candles:
        """Minute candles with OI of one instrument that begin between two aware moments."""
        first, last = (f"{at.astimezone(IST):%Y-%m-%d %H:%M:%S}" for at in (start, end))
        answer: dict[str, Any] = self._ask(
            self._historical,
            # as the client's own method asks, which takes half a minute to read a day's chains
            lambda: self._client._get(
                "market.historical",
                url_args={"instrument_token": token, "interval": "minute"},
                params={"from": first, "to": last, "continuous": 0, "oi": 1},
            ),
        )
        return Candles.of(answer["candles"])

    def _ask(self, turn: TokenBucket, call: Callable[[], T]) -> T:
        from kiteconnect import exceptions
        from requests import RequestException

        for attempt in range(1, _ATTEMPTS + 1):
            turn.take()
            try:
                return call()
            except exceptions.KiteException as error:
                problem = _translated(error)
                if not isinstance(problem, TooManyRequestsError) or attempt == _ATTEMPTS:
                    raise problem from error
                turn.hold(self._wait_s * attempt)
            except RequestException as error:
                if attempt == _ATTEMPTS:
                    reason = scrubber.scrubbed(type(error).__name__)
                    raise BrokerError(f"The broker does not answer ({reason}).") from error
                _LOG.info("the broker did not answer; asking again")
        raise AssertionError("the last attempt returns or raises")


def _client(api_key: str, access_token: str | None, root: str | None) -> "KiteConnect":
    from kiteconnect import KiteConnect

    return KiteConnect(
        api_key,
        access_token,
        root=root,
        timeout=_TIMEOUT_S,
        pool={"pool_connections": 1, "pool_maxsize": _CONNECTIONS},
    )


def _translated(error: Any) -> BrokerError:
    said = scrubber.scrubbed(str(error)).rstrip(".")
    if error.code == _FORBIDDEN:
        return LoginNeededError(f"The broker refused the session ({said}): log in there again.")
    if error.code == _TOO_MANY:
        return TooManyRequestsError(f"The broker asks to wait ({said}).")
    return BrokerError(f"The broker refused ({said}).")
