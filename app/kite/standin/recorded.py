"""A recorded day as the stand-in's market: each token shows what was recorded last of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.feeds.simulate.paths import second_of_day
from app.kite.standin.listing import Listed, Listings, behind, option
from app.kite.standin.market import Disturb, State, fill_book
from app.kite.standin.packets import TICK
from app.kite.standin.sheets import FUTURE, INDEX, VIX, Bars, Chain, Ints, Sheet, paise
from db.errors import InvalidInputError
from db.market.calendar import Instrument
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.symbols import next_monthly_expiry
from db.market.ticks import CALL, ChainSnapshot, OptionColumns

_MINUTE_S = 60
_BEHIND = 3
_OPTIONS = ("oi", "volume", "bid_quantity", "ask_quantity")


@dataclass(frozen=True, slots=True)
class RecordedHours:
    """From the minute of the first chain of each day to that of its last one."""

    spans: dict[date, range]

    def span(self, day: date, instrument: Instrument) -> range | None:
        """The seconds after midnight, whatever the instrument; None on a day without a chain."""
        return self.spans.get(day)


@dataclass(frozen=True, slots=True, eq=False)
class _Reel:
    """The chains of an exchange key: when each was (epoch seconds), and all of them on a sheet."""

    chain: Chain
    rows: tuple[Listed, ...]
    at: Ints
    sheet: Sheet

    def place(self, moment: datetime) -> int:
        """The last chain until then; the first one before it."""
        return max(0, int(np.searchsorted(self.at, int(moment.timestamp()), side="right")) - 1)


class RecordedMarket:
    """Chains of a recording at the clock `now`, each until the next one; the last one stays.

    What a chain lacks of a contract is shown as the chain before had it. `disturb` may change the
    rows of a state; `changed` must be called when it does so otherwise than before. Raises
    InvalidInputError for a recording without a chain.
    """

    def __init__(
        self,
        chains: Sequence[ChainSnapshot],
        now: Callable[[], datetime],
        *,
        disturb: Disturb | None = None,
    ) -> None:
        if not chains:
            raise InvalidInputError("The recording holds no chain.")
        self.now = now
        self._disturb = disturb
        keys = dict.fromkeys(each.exchange for each in chains)
        self._reels = {
            key: _reel([each for each in chains if each.exchange == key]) for key in keys
        }
        # a contract of two keys is shown as the first of them has it
        rows = {row.token: row for key in reversed(keys) for row in self._reels[key].rows}
        self._listings = Listings(list(rows.values()))
        self.hours = RecordedHours(_spans(chains))

    def changed(self) -> None:
        """Nothing is kept from one state to the next."""

    def listings(self) -> Listings:
        """Everything of the recording."""
        return self._listings

    def state(self) -> State:
        """All tokens as they were recorded last."""
        at = self.now().astimezone(IST).replace(microsecond=0)
        listed = self._listings
        rows = np.zeros(len(listed.rows), TICK)
        rows["token"] = listed.tokens
        for group in listed.groups:
            reel, columns, part = self._reels[group.chain.key], group.columns, rows[group.places]
            place = reel.place(at)
            one = reel.sheet.row(place)
            part["ltp"], part["volume"] = one.price[0, columns], one.volume[0, columns]
            part["oi"], part["last_quantity"] = one.oi[0, columns], listed.lots[group.places]
            part["last_trade_time"] = part["exchange_time"] = reel.at[place]
            fill_book(part, one, columns, listed.lots[group.places])
            rows[group.places] = part
        if self._disturb is not None:
            self._disturb(rows, listed)
        return State(at, listed, rows)

    def bars(self, chain: Chain, day: date) -> Bars | None:
        """The minutes of a day, each from what stood when it began to what stood at its end."""
        span = self.hours.spans.get(day)
        if span is None:
            return None
        reel = self._reels[chain.key]
        midnight = datetime.combine(day, datetime.min.time(), IST)
        ends = [
            midnight + timedelta(seconds=s) for s in range(span.start, span.stop + 1, _MINUTE_S)
        ]
        places = np.array([reel.place(end) for end in ends])
        first, last = places[:-1], places[1:]
        price, volume = reel.sheet.price, reel.sheet.volume
        high = np.array([price[a : b + 1].max(axis=0) for a, b in zip(first, last, strict=True)])
        low = np.array([price[a : b + 1].min(axis=0) for a, b in zip(first, last, strict=True)])
        counted = np.diff(volume[places], axis=0)
        counted[0] += volume[places[0]]
        return Bars(
            first=span.start,
            open=price[first].astype(np.int32),
            high=high.astype(np.int32),
            low=low.astype(np.int32),
            close=price[last].astype(np.int32),
            volume=np.maximum(counted, 0).astype(np.int32),
            oi=reel.sheet.oi[last].astype(np.int32),
        )


def _spans(chains: Sequence[ChainSnapshot]) -> dict[date, range]:
    found: dict[date, range] = {}
    for each in chains:
        at = each.timestamp.astimezone(IST)
        second = second_of_day(at) // _MINUTE_S * _MINUTE_S
        known = found.get(at.date(), range(second, second + _MINUTE_S))
        stop = max(known.stop, second + _MINUTE_S)
        found[at.date()] = range(min(known.start, second), stop)
    return found


def _reel(chains: Sequence[ChainSnapshot]) -> _Reel:
    exchange = EXCHANGES[chains[0].exchange]
    columns: dict[int, int] = {}
    for each in chains:
        for token in each.options.token.tolist():
            columns.setdefault(token, len(columns))
    expiry = chains[0].options.expiry.min().item()
    chain, width = Chain(exchange.key, expiry), len(columns)
    rows = {row.token: row for each in chains for row in _options(each.options, chain, columns)}
    beside = behind(chain, exchange, next_monthly_expiry(exchange, expiry), width)
    return _Reel(
        chain=chain,
        rows=(*rows.values(), *beside),
        at=np.array([int(each.timestamp.timestamp()) for each in chains]),
        sheet=_sheet(chains, columns),
    )


def _options(options: OptionColumns, chain: Chain, columns: dict[int, int]) -> list[Listed]:
    return [
        option(
            chain,
            columns[token],
            token=token,
            symbol=symbol.decode(),
            kind="CE" if kind == CALL else "PE",
            strike=strike,
            expiry=expiry,
        )
        for token, symbol, kind, strike, expiry in zip(
            options.token.tolist(),
            options.symbol.tolist(),
            options.option_type.tolist(),
            options.strike.tolist(),
            options.expiry.tolist(),
            strict=True,
        )
    ]


def _sheet(chains: Sequence[ChainSnapshot], columns: dict[int, int]) -> Sheet:
    shape = (len(chains), len(columns) + _BEHIND)
    found = {
        name: np.zeros(shape, np.int64)
        for name in ("price", "oi", "volume", "bid", "ask", "bid_quantity", "ask_quantity")
    }
    for number, each in enumerate(chains):
        if number:
            for whole in found.values():
                whole[number] = whole[number - 1]
        places = np.array([columns[token] for token in each.options.token.tolist()])
        for name, values in _figures(each.options).items():
            found[name][number, places] = values
        beside = (each.future_price, each.underlying_price, each.vix)
        for column, price in zip((FUTURE, INDEX, VIX), beside, strict=True):
            if price is not None:
                found["price"][number, len(columns) + column] = round(price * 100)
        if each.future_oi is not None:
            found["oi"][number, len(columns) + FUTURE] = each.future_oi
    return Sheet(**found)


def _figures(options: OptionColumns) -> dict[str, NDArray[np.int64]]:
    """As the broker counts: prices in paise, 0 for what is unknown."""
    prices = {"price": options.ltp, "bid": options.best_bid, "ask": options.best_ask}
    found = {name: paise(values) for name, values in prices.items()}
    for name in _OPTIONS:
        found[name] = np.maximum(np.nan_to_num(getattr(options, name)), 0).astype(np.int64)
    return found
