"""The simulated market as a live feed: every chain once a second, at the wall clock's time."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import numpy as np

from app.feeds.base import FeedState, Rejections
from app.feeds.simulate.chain import ChainBlock, chain_block
from app.feeds.simulate.contracts import expiry_at
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES
from db.market.symbols import future_symbol
from db.market.ticks import CALL, PUT, ChainSnapshot, OptionColumns, Source

DEFAULT_SEED = 2026


class SimulateFeed:
    """Chains of all exchange keys at whole seconds of the clock, at any hour of any day.

    Outside market hours the simulated session goes on, slower; timestamps are always the moment
    itself. `interval_s` is the time between two states of a chain; `effect` see `chain_block`.
    """

    live = True
    source: Source = "simulated"

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        *,
        interval_s: float = 1.0,
        exchanges: tuple[str, ...] | None = None,
        now: Callable[[], datetime] = market_now,
        effect: float = 0.0,
    ) -> None:
        self.rejected = Rejections()
        self._seed = seed
        self._interval_s = interval_s
        self._exchanges = tuple(EXCHANGES) if exchanges is None else exchanges
        self._now = now
        self._effect = effect
        self._closed = threading.Event()

    def batches(self) -> Iterator[ChainSnapshot]:
        """All chains, then a pause to the next interval, until closed."""
        while not self._closed.is_set():
            at, began = self._now(), time.monotonic()
            for key in self._exchanges:
                yield snapshot_at(self._seed, key, at, self._effect)
            passed = time.monotonic() - began
            self._closed.wait(max(0.0, self._interval_s - passed))

    def states(self) -> Mapping[str, FeedState]:
        """All that there is of it is simulated."""
        return dict.fromkeys(self._exchanges, FeedState("simulated"))

    def reconnect(self) -> None:
        """Nothing is connected that could be lost."""

    def close(self) -> None:
        """End after the chain that is being made."""
        self._closed.set()


def snapshot_at(seed: int, key: str, at: datetime, effect: float = 0.0) -> ChainSnapshot:
    """The simulated chain of an exchange key at the whole second of an aware moment."""
    moment = at.astimezone(IST)
    second = moment.hour * 3600 + moment.minute * 60 + moment.second
    expiry = expiry_at(EXCHANGES[key], moment.date(), second)
    return _snapshot(
        chain_block(seed, key, expiry, moment.date(), np.array([second]), effect=effect)
    )


def _snapshot(block: ChainBlock) -> ChainSnapshot:
    chain = block.contracts
    stamp: datetime = block.timestamp[0].item()
    return ChainSnapshot(
        exchange=chain.exchange.key,
        timestamp=stamp.replace(tzinfo=IST),
        options=_options(block),
        underlying_price=float(block.underlying[0]),
        underlying_at=stamp.replace(tzinfo=IST),
        future_price=float(block.future[0]),
        future_oi=int(block.future_oi[0]),
        future_symbol=future_symbol(chain.exchange.underlying_symbol, chain.future_expiry),
        vix=float(block.vix[0]),
        lot_size=chain.lot,
    )


def _options(block: ChainBlock) -> OptionColumns:
    chain = block.contracts
    return OptionColumns(
        strike=chain.strike,
        option_type=np.where(chain.is_call, CALL, PUT),
        symbol=np.array(chain.symbol, dtype=np.bytes_),
        token=chain.token,
        expiry=np.full(len(chain.strike), np.datetime64(chain.expiry, "D")),
        oi=block.oi[0],
        ltp=block.ltp[0],
        volume=block.volume[0],
        best_bid=block.bid[0],
        best_ask=block.ask[0],
        bid_quantity=block.bid_quantity[0],
        ask_quantity=block.ask_quantity[0],
    )
