"""The broker's HTTP: who may ask, how often, and what is answered."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from app.kite.standin import limits
from app.kite.standin.candles import candles
from app.kite.standin.dump import dump
from app.kite.standin.errors import KiteError, input_error, too_many
from app.kite.standin.faults import Fault, Faults
from app.kite.standin.limits import Limits
from app.kite.standin.quotes import quotes
from app.kite.standin.sessions import Sessions
from app.kite.standin.shown import Shown

_JSON = "application/json"
_CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `form` holds the fields of its query and of a form in its body."""

    method: str
    path: tuple[str, ...]
    form: dict[str, list[str]]
    authorization: str = ""
    takes_gzip: bool = False
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: dict[str, str], body: bytes) -> "Ask":
        """A request as it came, header names in lower case."""
        parts = urlsplit(target)
        form = parse_qs(parts.query, keep_blank_values=True)
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form |= parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        return cls(
            method=method,
            path=tuple(unquote(part) for part in parts.path.split("/") if part),
            form=form,
            authorization=headers.get("authorization", ""),
            takes_gzip="gzip" in headers.get("accept-encoding", ""),
            body=body,
        )

    def one(self, name: str, default: str | None = None) -> str:
        """A field's only value; raises KiteError (400) for one that is missing."""
        found = self.form.get(name, [] if default is None else [default])
        if not found:
            raise input_error(f"Missing or empty field `{name}`")
        return found[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: str = _JSON
    headers: dict[str, str] = field(default_factory=dict)


def success(data: object) -> Answer:
    """The broker's envelope around what was asked for."""
    return Answer(200, orjson.dumps({"status": "success", "data": data}))


def refusal(error: KiteError) -> Answer:
    """The broker's envelope around a refusal."""
    return Answer(error.status, orjson.dumps(error.as_json()))


@dataclass(frozen=True, slots=True)
class Rest:
    """The routes that a client of the broker uses."""

    market: Shown
    sessions: Sessions
    limits: Limits
    faults: Faults

    def answer(self, ask: Ask) -> Answer:
        """The answer to a request; a refusal is one too."""
        try:
            self._fail()
            return self._route(ask)(ask)
        except KiteError as error:
            return refusal(error)

    def _fail(self) -> None:
        if self.faults.take(Fault.TOO_MANY):
            raise too_many()
        if self.faults.holds(Fault.SERVER_ERROR):
            status = int(self.faults.value(Fault.SERVER_ERROR, 500))
            self.faults.take(Fault.SERVER_ERROR)
            raise KiteError(status, "GeneralException", "Something went wrong.")

    def _route(self, ask: Ask) -> Callable[[Ask], Answer]:
        routes: dict[tuple[str, ...], Callable[[Ask], Answer]] = {
            ("GET", "connect", "login"): self._login,
            ("POST", "session", "token"): self._exchange,
            ("DELETE", "session", "token"): self._invalidate,
            ("GET", "user", "profile"): self._profile,
            ("GET", "instruments"): self._instruments,
            ("GET", "quote"): self._quote,
            ("GET", "quote", "ohlc"): self._quote,
            ("GET", "quote", "ltp"): self._quote,
            ("GET", "orders"): self._orders,
        }
        named = (ask.method, *ask.path)
        if named in routes:
            return routes[named]
        if named[:3] == ("GET", "instruments", "historical") and len(named) == 5:
            return self._historical
        if named[:2] == ("GET", "instruments") and len(named) == 3:
            return self._instruments
        if ask.method != "GET" and ask.path[:1] == ("orders",):
            raise KiteError(400, "OrderException", "The stand-in places no orders.")
        raise KiteError(404, "GeneralException", "Route not found")

    def _login(self, ask: Ask) -> Answer:
        target = self.sessions.login(ask.one("api_key"), ask.one("redirect_params", ""))
        return Answer(302, headers={"Location": target})

    def _exchange(self, ask: Ask) -> Answer:
        fields = (ask.one("api_key"), ask.one("request_token"), ask.one("checksum"))
        self.limits.take(fields[0], limits.OTHER)
        return success(self.sessions.exchange(*fields))

    def _invalidate(self, ask: Ask) -> Answer:
        return success(self.sessions.invalidate(ask.one("api_key"), ask.one("access_token")))

    def _profile(self, ask: Ask) -> Answer:
        self._admit(ask, limits.OTHER)
        return success(self.sessions.account.profile())

    def _orders(self, ask: Ask) -> Answer:
        self._admit(ask, limits.OTHER)
        return success([])

    def _instruments(self, ask: Ask) -> Answer:
        """The dump, which the broker gives to anybody."""
        self.limits.take(self.sessions.account.api_key, limits.OTHER)
        exchange = ask.path[1] if len(ask.path) > 1 else None
        text = dump(self.market.listings(), exchange, self.faults).encode()
        if not ask.takes_gzip:
            return Answer(200, text, _CSV)
        packed = gzip.compress(text, compresslevel=1)
        return Answer(200, packed, _CSV, {"Content-Encoding": "gzip"})

    def _quote(self, ask: Ask) -> Answer:
        self._admit(ask, limits.QUOTE)
        return success(quotes(self.market, ask.form.get("i", []), ask.path[-1]))

    def _historical(self, ask: Ask) -> Answer:
        self._admit(ask, limits.HISTORICAL)
        listed, (_, _, token, interval) = self.market.listings(), ask.path
        if not token.isdecimal() or int(token) not in listed.place:
            raise input_error("invalid token")
        found = candles(
            self.market,
            listed.rows[listed.place[int(token)]],
            interval,
            ask.one("from"),
            ask.one("to"),
            ask.one("oi", "0") == "1",
        )
        return success({"candles": found})

    def _admit(self, ask: Ask, kind: str) -> None:
        self.sessions.demand_header(ask.authorization)
        self.limits.take(self.sessions.account.api_key, kind)
