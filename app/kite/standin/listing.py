"""What is listed on a day: the rows of the broker's instrument dump.

https://kite.trade/docs/connect/v3/market-quotes/#instruments
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.contracts import SEGMENTS, Contracts, contracts, expiries_from, expiry_at
from app.feeds.simulate.underlyings import Underlying, underlying_of
from app.kite.standin.sheets import FUTURE, INDEX, VIX, Chain, tokens_on
from db.market.calendar import Instrument
from db.market.exchanges import EXCHANGES, Exchange
from db.market.lots import lot_size
from db.market.symbols import future_symbol

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange"
)
VIX_TOKEN, VIX_SYMBOL = 264969, "INDIA VIX"
_SHARES = {"NSE": 1, "BSE": 4}
_FIRST_SHARE = 100
_FIRST_FUTURE = 10_000
_MONTHS = 120
_EXPIRIES = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the dump, and where the market keeps its figures: a column of a chain's sheet."""

    token: int
    symbol: str
    name: str
    exchange: str
    segment: str
    kind: str
    instrument: Instrument
    chain: Chain
    column: int
    expiry: date | None = None
    strike: float = 0.0
    tick: float = 0.05
    lot: int = 0

    @property
    def full_name(self) -> str:
        """Exchange and symbol, as quotes are asked for."""
        return f"{self.exchange}:{self.symbol}"

    def csv(self) -> str:
        """The row as the dump has it, without its newline."""
        expiry = "" if self.expiry is None else self.expiry.isoformat()
        return (
            f"{self.token},{self.token >> 8},{self.symbol},{self.name},0.0,{expiry},{self.strike},"
            f"{self.tick},{self.lot},{self.kind},{self.segment},{self.exchange}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Tokens that trade at the same hours and stand on one sheet: their places and columns."""

    chain: Chain
    instrument: Instrument
    places: NDArray[np.int64]
    columns: NDArray[np.int64]


class Listings:
    """All that is listed on a day, by token ascending."""

    def __init__(self, rows: list[Listed]) -> None:
        self.rows = sorted(rows, key=lambda row: row.token)
        self.tokens = np.array([row.token for row in self.rows], dtype=np.int64)
        self.lots = np.array([row.lot for row in self.rows], dtype=np.int64)
        self.place = {row.token: place for place, row in enumerate(self.rows)}
        self.named = {row.full_name: row for row in self.rows}
        self.groups = list(self._grouped())

    def of_exchange(self, exchange: str | None) -> list[Listed]:
        """The rows of one exchange, or all."""
        return [row for row in self.rows if exchange in (None, row.exchange)]

    def _grouped(self) -> Iterator[Group]:
        members: dict[tuple[Chain, Instrument], list[int]] = {}
        for place, row in enumerate(self.rows):
            members.setdefault((row.chain, row.instrument), []).append(place)
        for (chain, instrument), places in members.items():
            columns = [self.rows[place].column for place in places]
            yield Group(chain, instrument, np.array(places), np.array(columns))


def listings(seed: int, day: date) -> Listings:
    """The day's dump: of each exchange key its expiry and the next, futures and underlyings."""
    found: dict[int, Listed] = {}
    # a monthly key first: in its expiry's week it lists what a weekly one does, and more
    for key in sorted(EXCHANGES, key=lambda key: EXCHANGES[key].is_weekly):
        exchange = EXCHANGES[key]
        for number, expiry in enumerate(_expiries(exchange, day)):
            chain = Chain(key, expiry)
            whole, there = contracts(seed, key, expiry), tokens_on(seed, chain, day)
            for row in _options(chain, whole):
                if row.token in there:
                    found.setdefault(row.token, row)
            if number == 0:
                for row in behind(chain, exchange, whole.future_expiry, len(whole.token)):
                    found.setdefault(row.token, row)
    return Listings(list(found.values()))


def _expiries(exchange: Exchange, day: date) -> list[date]:
    """As many as the key's rule passes over, its own, and the next one."""
    rule = exchange.expiry_rule
    found = list(islice(expiries_from(exchange, day), rule.skipped + _EXPIRIES))
    own = expiry_at(exchange, day, 0)
    return found if own in found else sorted([*found, own])


def _options(chain: Chain, whole: Contracts) -> Iterator[Listed]:
    columns = zip(
        whole.token.tolist(),
        whole.symbol,
        whole.strike.tolist(),
        whole.is_call.tolist(),
        strict=True,
    )
    for column, (token, symbol, strike, is_call) in enumerate(columns):
        yield option(
            chain,
            column,
            token=token,
            symbol=symbol,
            kind="CE" if is_call else "PE",
            strike=strike,
            expiry=chain.expiry,
        )


def option(
    chain: Chain, column: int, *, token: int, symbol: str, kind: str, strike: float, expiry: date
) -> Listed:
    """The row of an option, its figures in a column of its chain's sheet."""
    exchange = EXCHANGES[chain.key]
    return Listed(
        token=token,
        symbol=symbol,
        name=exchange.underlying_symbol,
        exchange=exchange.options_segment,
        segment=f"{exchange.options_segment}-OPT",
        kind=kind,
        instrument=Instrument.OPTIONS,
        chain=chain,
        column=column,
        expiry=expiry,
        strike=strike,
        lot=_lot(exchange, expiry),
    )


def behind(chain: Chain, exchange: Exchange, future_expiry: date, width: int) -> Iterator[Listed]:
    """The future, the underlying and the VIX of a chain of `width` contracts."""
    one = underlying_of(exchange.underlying_symbol)
    yield _future(chain, exchange, future_expiry, width + FUTURE)
    home, _, symbol = exchange.index.partition(":")
    if exchange.index_token is None:
        yield _share(one, symbol, home, chain, width + INDEX)
    else:
        yield _index(exchange.index_token, symbol, home, Instrument.INDEX, chain, width + INDEX)
    if exchange.options_segment == "NFO":
        yield _index(VIX_TOKEN, VIX_SYMBOL, "NSE", Instrument.VIX, chain, width + VIX)


def _future(chain: Chain, exchange: Exchange, expiry: date, column: int) -> Listed:
    family = underlying_of(exchange.underlying_symbol).family * _MONTHS
    number = _FIRST_FUTURE + family + (expiry.year * 12 + expiry.month) % _MONTHS
    return Listed(
        token=number * 256 + SEGMENTS[exchange.options_segment],
        symbol=future_symbol(exchange.underlying_symbol, expiry),
        name=exchange.underlying_symbol,
        exchange=exchange.options_segment,
        segment=f"{exchange.options_segment}-FUT",
        kind="FUT",
        instrument=Instrument.FUTURES,
        chain=chain,
        column=column,
        expiry=expiry,
        tick=0.1,
        lot=_lot(exchange, expiry),
    )


def _lot(exchange: Exchange, expiry: date) -> int:
    symbol = exchange.underlying_symbol
    return lot_size(symbol, expiry) or underlying_of(symbol).lot


def _share(one: Underlying, symbol: str, home: str, chain: Chain, column: int) -> Listed:
    return Listed(
        token=(_FIRST_SHARE + one.family) * 256 + _SHARES.get(home, _SHARES["NSE"]),
        symbol=symbol,
        name=symbol,
        exchange=home,
        segment=home,
        kind="EQ",
        instrument=Instrument.INDEX,
        chain=chain,
        column=column,
        lot=1,
    )


def _index(
    token: int, symbol: str, home: str, instrument: Instrument, chain: Chain, column: int
) -> Listed:
    return Listed(
        token=token,
        symbol=symbol,
        name=symbol,
        exchange=home,
        segment="INDICES",
        kind="EQ",
        instrument=instrument,
        chain=chain,
        column=column,
        tick=0.0,
    )
