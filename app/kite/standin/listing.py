"""What is listed on a day: the rows of the broker's instrument dump.

https://kite.trade/docs/connect/v3/market-quotes/#instruments
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.contracts import Contracts, contracts, expiry_at, simulated
from app.kite.standin.sheets import FUTURE, INDEX, VIX, Chain, tokens_on
from db.market.calendar import Instrument
from db.market.exchanges import EXCHANGES, Exchange
from db.market.lots import lot_size
from db.market.symbols import future_symbol

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange"
)
INDEX_TOKENS = {"NIFTY 50": 256265, "NIFTY BANK": 260105, "SENSEX": 265}
VIX_TOKEN, VIX_SYMBOL = 264969, "INDIA VIX"
_SEGMENTS = {"NFO": 2, "BFO": 5}
_HOMES = {"NFO": "NSE", "BFO": "BSE"}
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
    """The day's dump: of each exchange key this expiry and the next, near futures and indices."""
    found: dict[int, Listed] = {}
    # a monthly key first: in its expiry's week it lists what a weekly one does, and more
    for key in sorted(simulated(), key=lambda key: EXCHANGES[key].is_weekly):
        exchange = EXCHANGES[key]
        for number, expiry in enumerate(_expiries(exchange, day)):
            chain = Chain(key, expiry)
            whole, there = contracts(seed, key, expiry), tokens_on(seed, chain, day)
            for row in _options(chain, whole):
                if row.token in there:
                    found.setdefault(row.token, row)
            if number == 0:
                for row in _behind(chain, whole):
                    found.setdefault(row.token, row)
    return Listings(list(found.values()))


def _expiries(exchange: Exchange, day: date) -> Iterator[date]:
    for _ in range(_EXPIRIES):
        expiry = expiry_at(exchange, day, 0)
        yield expiry
        day = expiry + timedelta(days=1)


def _options(chain: Chain, whole: Contracts) -> Iterator[Listed]:
    exchange = whole.exchange
    lot = lot_size(exchange.underlying_symbol, chain.expiry) or 0
    columns = zip(
        whole.token.tolist(),
        whole.symbol,
        whole.strike.tolist(),
        whole.is_call.tolist(),
        strict=True,
    )
    for column, (token, symbol, strike, is_call) in enumerate(columns):
        yield Listed(
            token=token,
            symbol=symbol,
            name=exchange.underlying_symbol,
            exchange=exchange.options_segment,
            segment=f"{exchange.options_segment}-OPT",
            kind="CE" if is_call else "PE",
            instrument=Instrument.OPTIONS,
            chain=chain,
            column=column,
            expiry=chain.expiry,
            strike=strike,
            lot=lot,
        )


def _behind(chain: Chain, whole: Contracts) -> Iterator[Listed]:
    """The future, the index and the VIX of a chain."""
    exchange, width = whole.exchange, len(whole.token)
    yield _future(chain, whole, width + FUTURE)
    index, home = exchange.underlying_name, _HOMES[exchange.options_segment]
    yield _index(INDEX_TOKENS[index], index, home, Instrument.INDEX, chain, width + INDEX)
    if home == "NSE":
        yield _index(VIX_TOKEN, VIX_SYMBOL, home, Instrument.VIX, chain, width + VIX)


def _future(chain: Chain, whole: Contracts, column: int) -> Listed:
    exchange, expiry = whole.exchange, whole.future_expiry
    family = sorted(INDEX_TOKENS).index(exchange.underlying_name) * _MONTHS
    number = _FIRST_FUTURE + family + (expiry.year * 12 + expiry.month) % _MONTHS
    return Listed(
        token=number * 256 + _SEGMENTS[exchange.options_segment],
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
        lot=lot_size(exchange.underlying_symbol, expiry) or 0,
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
