"""Fills a database with the simulated market's past, so that a first visit shows a history."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np
from sqlalchemy import Engine, text

from app.feeds.simulate.chain import chain_block
from app.feeds.simulate.columns import chain_columns, snapshot_contexts
from app.feeds.simulate.contracts import expiry_at, listed
from app.feeds.simulate.feed import DEFAULT_SEED
from app.feeds.simulate.paths import second_of_day, session_seconds
from db.market.calendar import expiry_instant, previous_trading_day
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES

_AFTER_HOURS_S = 90 * 60
_WORKERS = 2
PAST_STRIKES = 81
"""Strikes kept of days gone by, those nearest to the money: all but the last percent of OI."""

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all, from any thread but never from two at once."""


@dataclass(frozen=True, slots=True)
class Span:
    """Instants of one exchange key on one day: seconds after midnight, `last` not included.

    `strikes` are those nearest to the money; None is the whole chain.
    """

    exchange: str
    day: date
    first: int
    last: int
    interval_s: int
    strikes: int | None

    @property
    def seconds(self) -> range:
        return range(self.first, self.last, self.interval_s)


def fill(
    engine: Engine,
    *,
    days: int = 10,
    interval_s: int = 60,
    until: datetime | None = None,
    progress: Progress | None = None,
    seed: int = DEFAULT_SEED,
    effect: float = 0.0,
) -> int:
    """Store what is missing of the last `days` trading days up to `until`; returns rows stored.

    Chains every `interval_s` seconds of each session: full width on the present day, the
    `PAST_STRIKES` strikes nearest to the money on those before it, so that ten days take less than
    a minute. Outside market hours the last ninety minutes are there too, so that a simulated
    market that is started then has a past to measure changes against. Each exchange and day is one
    transaction; what is stored already is left alone, so filling again goes on where it stopped.
    Rollups are brought up to date at the end: their policies look back only some days. `effect` see
    `chain_block`.
    """
    spans = _missing(engine, list(planned(days, interval_s, until or market_now())))
    total, done, lock = sum(_rows(seed, span) for span in spans), 0, threading.Lock()

    def load(span: Span) -> None:
        nonlocal done
        rows = _load(engine, seed, span, effect)
        with lock:
            done += rows
            if progress is not None:
                progress(done, total)

    pool = ThreadPoolExecutor(_WORKERS, "history")
    try:
        for finished in [pool.submit(load, span) for span in spans]:
            finished.result()
    finally:
        # Ctrl-C waits for the days being written, not for all that would follow
        pool.shutdown(cancel_futures=True)
    _refresh_rollups(engine)
    return done


def planned(days: int, interval_s: int, until: datetime) -> Iterator[Span]:
    """What should be there of `days` trading days up to `until`, oldest first; see `fill`."""
    moment = until.astimezone(IST)
    today, now_s = moment.date(), second_of_day(moment)
    open_now = session_seconds(today)
    has_begun = open_now is not None and now_s > open_now.start
    past = _sessions_before(today, days - has_begun)
    for day, held in [*past, *([(today, open_now)] if open_now and has_begun else [])]:
        last = min(held.stop, now_s) if day == today else held.stop
        for key in EXCHANGES:
            strikes = None if day == today else PAST_STRIKES
            yield Span(key, day, held.start, last, interval_s, strikes)
    if open_now is None or not open_now.start < now_s <= open_now.stop:
        yield from _after_hours(today, now_s, interval_s, open_now)


def _after_hours(today: date, now_s: int, interval_s: int, session: range | None) -> Iterator[Span]:
    first = max(0, now_s - _AFTER_HOURS_S)
    if session and first < session.stop < now_s:
        first = session.stop
    first -= first % -interval_s
    for key in EXCHANGES:
        yield Span(key, today, first, now_s, interval_s, None)


def _sessions_before(today: date, count: int) -> list[tuple[date, range]]:
    """The last `count` days before today with a session whose hours are known, oldest first."""
    found: list[tuple[date, range]] = []
    day = today
    while len(found) < count:
        day = previous_trading_day(day)
        if held := session_seconds(day):
            found.append((day, held))
    return found[::-1]


def _missing(engine: Engine, spans: Sequence[Span]) -> list[Span]:
    """The spans, each beginning after what is stored of it."""
    from db.queries.snapshots import snapshot_at

    left = []
    with engine.connect() as connection:
        for span in spans:
            midnight = datetime.combine(span.day, time(), IST)
            newest = snapshot_at(connection, span.exchange, midnight + timedelta(seconds=span.last))
            stored = (newest.timestamp - midnight) // timedelta(seconds=1) if newest else -1
            left.append(span if stored < span.first else _after(span, stored))
    return [span for span in left if span.seconds]


def _after(span: Span, stored: int) -> Span:
    steps = (stored - span.first) // span.interval_s + 1
    return replace(span, first=span.first + steps * span.interval_s)


def _load(engine: Engine, seed: int, span: Span, effect: float) -> int:
    from db.ingest import load_history

    rows = 0
    with engine.begin() as connection:
        # a hundred thousand rows on a busy machine may take longer than any read should
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for seconds in _same_expiry(span):
            expiry = expiry_at(EXCHANGES[span.exchange], span.day, int(seconds[0]))
            block = chain_block(
                *(seed, span.exchange, expiry, span.day, seconds, span.strikes), effect=effect
            )
            rows += load_history(connection, chain_columns(block), snapshot_contexts(block))
    return rows


def _refresh_rollups(engine: Engine) -> None:
    from db.timescale.maintenance import fill_all

    fill_all(engine, lambda line: None)


def _rows(seed: int, span: Span) -> int:
    rows = 0
    for seconds in _same_expiry(span):
        expiry = expiry_at(EXCHANGES[span.exchange], span.day, int(seconds[0]))
        chain = listed(seed, span.exchange, expiry, span.day, span.strikes)
        rows += len(seconds) * len(chain.strike)
    return rows


def _same_expiry(span: Span) -> Iterator["np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """The span's seconds, divided where contracts expire."""
    seconds = np.asarray(span.seconds, dtype=np.int64)
    expired = seconds >= second_of_day(expiry_instant(span.day))
    return (part for part in (seconds[~expired], seconds[expired]) if len(part))
