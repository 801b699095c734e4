"""Candles are asked for once: for minutes while the market trades, else until it opens."""

import threading
from datetime import datetime, timedelta

import pytest

from app.kite.candles import Candles
from app.kite.fetching import KEPT_S, Fetcher, Wanted, seconds_closed
from db.market.clock import IST
from tests.support.cache_clock import CacheClock, cache_clock

__all__ = ["cache_clock"]

OPENING = datetime(2026, 8, 19, 9, 15, tzinfo=IST)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize(
    ("now", "expected_s"),
    [
        ("2026-08-19T09:15:00", 0),
        ("2026-08-19T15:39:59", 0),
        ("2026-08-19T15:50:00", 600),
        ("2026-08-20T09:14:59", 17.5 * 3600 + 4 * 60 + 59),
        # over a weekend
        ("2026-08-24T09:00:00", (2 * 24 + 17) * 3600 + 20 * 60),
    ],
)
def test_the_market_s_rest_counts_from_its_close(now: str, expected_s: float) -> None:
    assert seconds_closed(at(now)) == expected_s


class Market:
    """A fetcher at a moment that a test moves, and what it asked for."""

    def __init__(self, clock: CacheClock, now: datetime) -> None:
        self._clock = clock
        self.now = now
        self.asked: list[Wanted] = []
        self.fetcher = Fetcher(self._ask, threading.Event(), now=lambda: self.now)

    def _ask(self, wanted: Wanted) -> Candles:
        self.asked.append(wanted)
        return Candles.of([["2026-08-19T09:15:00+0530", 1, 1, 1, 1, 10, 100]])

    def passes(self, span: timedelta) -> None:
        self.now += span
        self._clock.passes(span.total_seconds())

    def want(self, minutes: int = 5, token: int = 1) -> int:
        """Ask for the first minutes of the day; how often the broker was asked so far."""
        wanted = Wanted(token, OPENING, OPENING + timedelta(minutes=minutes))
        ((_, found),) = self.fetcher.fetched([wanted])
        assert found is not None
        assert len(found) == 1
        return len(self.asked)


def test_an_answer_counts_for_minutes_while_the_market_trades(cache_clock: CacheClock) -> None:
    market = Market(cache_clock, at("2026-08-19T11:00:00"))
    assert [market.want(), market.want(), market.want(minutes=4), market.want(token=2)] == [
        *(1, 1, 1),
        2,
    ]
    # what was not asked for before is not at hand
    assert market.want(minutes=6) == 3
    market.passes(timedelta(seconds=KEPT_S + 1))
    assert market.want() == 4


def test_an_answer_counts_until_the_market_opens(cache_clock: CacheClock) -> None:
    market = Market(cache_clock, at("2026-08-19T15:45:00"))
    market.want()
    market.passes(timedelta(hours=17))
    assert market.want() == 1
    market.passes(timedelta(hours=1))
    assert market.want() == 2


def test_an_answer_from_before_the_close_is_not_of_the_whole_day(cache_clock: CacheClock) -> None:
    market = Market(cache_clock, at("2026-08-19T15:39:00"))
    market.want()
    market.passes(timedelta(hours=1))
    assert market.want() == 2
