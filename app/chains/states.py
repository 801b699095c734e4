"""The newest state of each exchange, read once and encoded once, however many ask for it."""

import threading
import zlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from app.chains.legacy import exchange_payload, market_status, narrowed
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from sqlalchemy import Connection

_GZIP = 31
_GZIP_LEVEL = 5


@dataclass(frozen=True)
class Encoded:
    """A JSON body with its entity tag and, made when first asked for, its gzip form."""

    body: bytes

    @cached_property
    def etag(self) -> str:
        return blake2b(self.body, digest_size=12).hexdigest()

    @cached_property
    def gzipped(self) -> bytes:
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
        return packer.compress(self.body) + packer.flush()


@dataclass(frozen=True)
class ChainState:
    """One exchange's payload as of one sequence; narrowed forms are kept with it."""

    exchange: str
    payload: dict[str, Any]

    @property
    def identity(self) -> tuple[Any, ...]:
        """What changes whenever the chain does, across a rebuilt database too."""
        return tuple(self.payload[name] for name in ("sequence", "updated_at", "last_update"))

    @cached_property
    def _forms(self) -> dict[int | None, Encoded]:
        return {}

    def encoded(self, strikes: int | None = None) -> Encoded:
        """The payload as JSON, with at most `strikes` strikes either side of ATM."""
        if strikes not in self._forms:
            self._forms[strikes] = Encoded(encode(narrowed(self.payload, strikes)))
        return self._forms[strikes]


class Source(Protocol):
    """Where states are read from."""

    def newest(self) -> "AbstractContextManager[Connection]":
        """A connection that sees the newest commit, all its reads in one snapshot."""
        ...


class ChainStates:
    """Keeps one state an exchange.

    While something follows the database's announcements a state holds until it is outdated;
    otherwise every request reads anew. One thread reads an exchange at a time; the others wait
    for its result.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._locks = {key: threading.Lock() for key in EXCHANGES}
        self._states: dict[str, ChainState] = {}
        self._outdated: set[str] = set(EXCHANGES)
        self.followed = False

    def current(self, exchange: str) -> ChainState:
        """The newest state; raises InvalidInputError and the errors of a missing database."""
        lock = self._locks.get(exchange)
        if lock is None:
            # raises, with the known keys in its sentence
            return self._read(exchange)
        with lock:
            state = self._states.get(exchange)
            if state is None or not self.followed or exchange in self._outdated:
                state = self._renewed(exchange, state)
            return self._with_status(state)

    def outdate(self, *exchanges: str) -> None:
        """Note that the database holds something newer for these."""
        self._outdated.update(exchanges)

    def _renewed(self, exchange: str, old: ChainState | None) -> ChainState:
        # taken off before the read: an announcement during it outdates the result again
        self._outdated.discard(exchange)
        try:
            new = self._read(exchange)
        except BaseException:
            self._outdated.add(exchange)
            raise
        unchanged = old is not None and old.identity == new.identity
        state = old if old is not None and unchanged else new
        self._states[exchange] = state
        return state

    def _with_status(self, state: ChainState) -> ChainState:
        status = market_status(state.payload, datetime.now(UTC))
        if status != state.payload["status"]:
            state = replace(state, payload={**state.payload, "status": status})
            self._states[state.exchange] = state
        return state

    def _read(self, exchange: str) -> ChainState:
        now = datetime.now(UTC)
        with self._source.newest() as connection:
            payload = exchange_payload(connection, exchange, strikes=None, now=now)
        return ChainState(exchange, payload)


def encode(payload: dict[str, Any]) -> bytes:
    """A payload as the JSON that the API sends and `python -m app show` prints."""
    return orjson.dumps(payload)
