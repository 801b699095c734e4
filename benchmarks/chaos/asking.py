"""What a trader's browser asks of the web server, and what it is told."""

import http.client
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from benchmarks.chaos.truth import is_true, near_the_money
from benchmarks.errors import BenchmarkError
from benchmarks.feed.viewer import signed_in
from benchmarks.web.serving import Site
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES

_PATIENCE_S = 3.0
_YOUNGER_S = 0.2
_OLDER_S = 1.0
_REFUSED, _CONFIRMED, _MADE = 409, (200, 201), 201
_KEPT = 20


class Shown(NamedTuple):
    """A chain that is shown: its market time, and when the database took it, by what is said."""

    at: datetime
    taken_at: datetime


class Age(NamedTuple):
    """What was said of how old a state is, between a question and its answer."""

    exchange: str
    sequence: int
    asked_at: datetime
    at: datetime
    said_s: float


@dataclass
class Trader:
    """Asks for chains and places paper orders; each answer is judged as it comes.

    `answers` are counted by what they were, `wrong` tells of the first that were; `ages` are what
    was said of which state, and when.
    """

    site: Site
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    wrong_answers: int = 0
    ages: list[Age] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    _cookie: str = ""
    _open: tuple[str, bytes] | None = None

    def sign_in(self) -> None:
        """Begin a session, which holds whatever happens."""
        self._cookie = signed_in(self.site)

    def watch(self) -> None:
        """Have it told whenever the put-call ratio of a chain passes what it is now."""
        for exchange in EXCHANGES:
            answer = self._ask("GET", f"/api/state/{exchange}")
            level = None if answer is None else orjson.loads(answer.body)["summary"].get("pcr")
            for direction in ("above", "below") if level else ():
                rule = {
                    "exchange": exchange,
                    "kind": "pcr",
                    "params": {"direction": direction, "level": level},
                    "cooldown_s": 0,
                }
                made = self._ask("POST", "/api/alerts", orjson.dumps(rule))
                if made is None or made.status != _MADE:
                    raise BenchmarkError(f"No alert could be set on {exchange}.")

    def newest(self, exchange: str) -> Shown | None:
        """The chain that is shown now; None where none was."""
        answer = self._ask("GET", f"/api/state/{exchange}")
        if answer is None or not self._is_expected(answer, 200):
            return None
        told, at = orjson.loads(answer.body), answer.at
        head = told["summary"].get("last_update")
        if head is None:
            return None
        shown = datetime.fromisoformat(head).astimezone(IST)
        said_s = int(answer.headers.get("OI-Age-Ms", -1000)) / 1000
        self._judge(exchange, shown, told)
        self.ages.append(Age(exchange, told["sequence"], answer.asked_at, at, said_s))
        return Shown(shown, at - timedelta(seconds=said_s))

    def order(self) -> None:
        """Place one order, or the last one again if nobody knows what became of it."""
        if self._open is None:
            leg = {"exchange": "NSE", "symbol": near_the_money("NSE", market_now())}
            key = secrets.token_hex(8)
            self._open = key, orjson.dumps({"key": key, "legs": [{**leg, "side": "B", "lots": 1}]})
        key, body = self._open
        answer = self._ask("POST", "/api/paper/orders", body)
        if answer is None or not self._is_expected(answer, *_CONFIRMED, _REFUSED):
            return
        (self.refused if answer.status == _REFUSED else self.confirmed).add(key)
        self._open = None

    def _is_expected(self, answer: "_Answer", *statuses: int) -> bool:
        """Whether it can be read on; a clear refusal is right, anything else is wrong."""
        if answer.status in statuses:
            return True
        if answer.status == 503 and b'"error"' in answer.body:
            return False
        self._note_wrong(f"{answer.path} answered {answer.status}: {answer.body[:200]!r}")
        return False

    def _judge(self, exchange: str, shown: datetime, told: Any) -> None:
        place = {name: number for number, name in enumerate(told["fields"])}
        legs = {
            (leg[place["strike"]], leg[place["side"]]): leg[place["oi"]] for leg in told["legs"]
        }
        if not is_true(exchange, shown, legs):
            self._note_wrong(f"{exchange} of {shown} is not what the market was")

    def _note_wrong(self, sentence: str) -> None:
        self.wrong_answers += 1
        if len(self.wrong) < _KEPT:
            self.wrong.append(sentence)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> "_Answer | None":
        """An answer on a connection of its own; None where nobody listens or answers in time."""
        address = urlsplit(self.site.url)
        link = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_PATIENCE_S)
        headers = {"Cookie": self._cookie, "Content-Type": "application/json"}
        asked_at = market_now()
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            body, at = answer.read(), market_now()
            found = _Answer(path, answer.status, body, answer.headers, asked_at, at)
        except (OSError, http.client.HTTPException):
            self.answers["none"] += 1
            return None
        finally:
            link.close()
        self.answers[str(found.status)] += 1
        return found


@dataclass(frozen=True, slots=True)
class _Answer:
    path: str
    status: int
    body: bytes
    headers: Any
    asked_at: datetime
    at: datetime


def awaited_fresh(trader: Trader, exchanges: list[str], since: datetime, most_s: float) -> float:
    """Seconds until each of these is shown with a chain from after `since`; `most_s` if never.

    From after it by the market's time, which a clock may have given, and by when it was taken.
    """
    began = time.monotonic()
    left = set(exchanges)
    while left and time.monotonic() - began < most_s:
        for exchange in sorted(left):
            shown = trader.newest(exchange)
            if shown is not None and min(shown) > since:
                left.discard(exchange)
        time.sleep(0.05)
    return time.monotonic() - began


def wrong_ages(ages: Iterable[Age], taken_at: Mapping[tuple[str, int], datetime]) -> list[str]:
    """Those that the moment at which the database took the state rules out."""
    found = []
    for age in ages:
        taken = taken_at.get((age.exchange, age.sequence))
        if taken is None:
            continue
        # it was told at some moment between the two
        least_s, true_s = ((at - taken).total_seconds() for at in (age.asked_at, age.at))
        if not least_s - _YOUNGER_S <= age.said_s <= true_s + _OLDER_S:
            found.append(f"{age.exchange} at {age.at}: {true_s:.2f} s old, said {age.said_s:g} s")
    return found
