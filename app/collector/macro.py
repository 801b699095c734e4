"""Stores the dollar, crude and the VIX every few minutes while options trade."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.analytics import macro
from app.collector.failures import reason
from app.kite.account import Account
from app.kite.errors import LoginNeededError
from app.kite.macro import MacroNames, price_of
from app.worker import Worker
from db.engine import connected
from db.errors import OIError
from db.ingest.macro import Figures, write_macro
from db.market.clock import IST, market_now
from db.market.trading import may_trade

_LOG = logging.getLogger("oi.collector")
MACRO_EVERY_S = 180.0
EXCHANGE = "NSE"
"""The key that rows stand under: they are of the whole market."""

_FIRST_S = 5.0
Quotes = Callable[[Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Reading:
    """Prices of one moment; None where unknown."""

    at: datetime
    usdinr: float | None
    crude: float | None
    vix: float | None


class MacroRecorder:
    """A thread that reads and stores until closed; what fails is told and tried at the next turn.

    `names` tells what to ask for now: futures expire.
    """

    def __init__(
        self,
        engine: Engine,
        quotes: Quotes,
        names: Callable[[], MacroNames],
        *,
        every_s: float = MACRO_EVERY_S,
        first_s: float = _FIRST_S,
        leads: Callable[[str], bool] = lambda exchange: True,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self.stored = 0
        self._engine = engine
        self._quotes = quotes
        self._names = names
        self._every_s = every_s
        self._leads = leads
        self._now = now
        self._said = ""
        self._worker = Worker("macro", self._turn, first_pause_s=first_s)

    def start(self) -> None:
        """Begin to read."""
        self._worker.start()

    def close(self, timeout_s: float = 1.0) -> None:
        """End within a second."""
        self._worker.close(timeout_s)

    def record(self) -> bool:
        """Read and store once, if options trade and there is something; whether it did."""
        at = self._now().astimezone(IST)
        if not may_trade(at) or not self._leads(EXCHANGE):
            return False
        found = self._read(at.replace(microsecond=0))
        if found.usdinr is None and found.crude is None and found.vix is None:
            return False
        with connected(self._engine) as connection, connection.begin():
            store_reading(connection, found)
        self.stored += 1
        return True

    def _read(self, at: datetime) -> Reading:
        names, day = self._names(), at.date()
        quotes = self._quotes(names.all())
        prices = (price_of(quotes, name, day) for name in (names.usdinr, names.crude, names.vix))
        return Reading(at, *prices)

    def _turn(self) -> float:
        try:
            self.record()
            self._said = ""
        except LoginNeededError as error:
            # the account has said so
            _LOG.debug("%s", error)
        except (OIError, SQLAlchemyError) as error:
            self._say(reason(error))
        except Exception as error:  # what stands around the chain never ends it
            _LOG.error("the market around the chain is not stored", exc_info=error)
        return self._every_s

    def _say(self, problem: str) -> None:
        if problem != self._said:
            _LOG.warning("the market around the chain is not stored: %s", problem)
        self._said = problem


def store_reading(connection: Connection, reading: Reading) -> None:
    """A reading with what follows from those before it."""
    signals, structure = signals_of(connection, reading), structure_of(connection, reading)
    write_macro(connection, EXCHANGE, reading.at, signals, structure)


def signals_of(connection: Connection, reading: Reading) -> Figures:
    """Columns of macro_signals; flows of institutions are not the broker's to tell."""
    from db.queries.macro import last_reading

    before = last_reading(connection, EXCHANGE, reading.at)
    usdinr = macro.percent_trend(reading.usdinr, before.usdinr if before else None)
    crude = macro.percent_trend(reading.crude, before.crude_price if before else None)
    return {
        "usdinr": reading.usdinr,
        "usdinr_trend": usdinr,
        "crude_price": reading.crude,
        "crude_trend": crude,
        "macro_spread": macro.spread(usdinr, crude),
    }


def structure_of(connection: Connection, reading: Reading) -> Figures:
    """Columns of vix_term_structure; futures on the VIX are not listed, so months are unknown."""
    from db.queries.macro import index_closes, vix_closes

    closes = vix_closes(connection, EXCHANGE, reading.at)
    return {
        "current_vix": reading.vix,
        "realized_vol": macro.realized_volatility(index_closes(connection, EXCHANGE, reading.at)),
        "vix_ma_5d": macro.moving_average(reading.vix, closes, 5),
        "vix_ma_20d": macro.moving_average(reading.vix, closes, 20),
        "vix_trend_1d": macro.trend_over(reading.vix, closes, 1),
        "vix_trend_5d": macro.trend_over(reading.vix, closes, 5),
    }


def start_macro(
    engine: Engine,
    account: Account,
    names: Callable[[], MacroNames],
    leads: Callable[[str], bool] = lambda exchange: True,
) -> MacroRecorder:
    """A recorder at work with the account's session; to be closed."""
    made = MacroRecorder(
        engine,
        lambda wanted: account.ask(lambda client: client.quotes(wanted)),
        names,
        leads=leads,
    )
    made.start()
    return made
