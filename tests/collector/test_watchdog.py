"""A feed that is connected but dead is noticed by what it has not said."""

from datetime import datetime, timedelta

import pytest

from app.collector.watchdog import Watchdog
from db.market.clock import IST
from db.market.ticks import Source
from tests.collector.chains import AT


class Scene:
    """A watchdog with clocks that a test moves."""

    def __init__(self, source: Source = "live", wall: datetime = AT) -> None:
        self.seconds, self.wall, self.asked = 1_000.0, wall, 0
        self.watchdog = Watchdog(
            self.ask, source, 10.0, now=lambda: self.wall, clock=lambda: self.seconds
        )

    def ask(self) -> None:
        self.asked += 1

    def later(self, seconds: float) -> bool:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)
        return self.watchdog.look()

    def hears(self, moment: datetime | None = None, exchange: str = "NSE") -> None:
        self.watchdog.saw(exchange, moment or self.wall)


def test_fresh_data_is_left_alone() -> None:
    scene = Scene()
    for _ in range(5):
        scene.hears()
        assert not scene.later(9)
    assert scene.asked == 0


def test_silence_asks_for_a_new_connection_once_a_period() -> None:
    scene = Scene()
    assert [scene.later(4) for _ in range(7)] == [False, False, True, True, True, True, True]
    assert scene.asked == 2
    assert scene.watchdog.stale_periods == 1


def test_old_news_is_as_bad_as_silence() -> None:
    scene = Scene()
    for _ in range(3):
        scene.hears(AT)
        scene.later(5)
    assert scene.asked == 1


def test_one_chain_that_goes_on_is_a_feed_that_lives() -> None:
    scene = Scene()
    for _ in range(4):
        scene.hears(AT, "NSE")
        scene.hears(exchange="BSE")
        assert not scene.later(5)


def test_recovery_and_another_death_are_two_periods() -> None:
    scene = Scene()
    scene.later(11)
    scene.hears()
    assert not scene.later(1)
    scene.later(11)
    assert scene.watchdog.stale_periods == 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_anew_is_no_silence_and_hides_none(hours: int) -> None:
    scene = Scene(wall=AT + timedelta(hours=2))
    scene.hears()
    scene.wall += timedelta(hours=hours)
    assert not scene.later(5)
    # a feed that takes its moments from that clock; then one that does not
    for step in range(10):
        scene.hears(None if step < 5 else AT + timedelta(hours=4, seconds=step))
        assert not scene.later(5)
    assert scene.later(11)
    assert scene.asked == 1


def test_an_exchange_time_that_went_back_once_is_no_death() -> None:
    scene = Scene()
    scene.hears(AT + timedelta(hours=1))
    scene.later(9)
    scene.hears(AT)
    scene.hears(AT + timedelta(seconds=1))
    assert not scene.later(9)


def test_a_moment_without_a_zone_is_no_news() -> None:
    scene = Scene()
    scene.hears(datetime(2025, 12, 4, 10, 0))
    assert scene.later(11)


@pytest.mark.parametrize(
    "closed",
    [
        datetime(2026, 8, 5, 15, 41, tzinfo=IST),
        datetime(2026, 8, 5, 9, 14, 30, tzinfo=IST),
        datetime(2026, 8, 8, 11, 0, tzinfo=IST),
        datetime(2026, 11, 24, 11, 0, tzinfo=IST),
    ],
    ids=["after the close", "before the open", "a weekend", "a holiday"],
)
def test_outside_the_options_session_silence_asks_for_nothing(closed: datetime) -> None:
    scene = Scene(wall=closed)
    assert not any(scene.later(10) for _ in range(2))
    assert (scene.asked, scene.watchdog.stale_periods) == (0, 0)


def test_the_night_does_not_count_when_the_session_opens() -> None:
    scene = Scene(wall=datetime(2026, 8, 4, 15, 45, tzinfo=IST))
    assert not scene.later(60)
    scene.wall = datetime(2026, 8, 5, 9, 14, 55, tzinfo=IST)
    assert not scene.later(4)
    assert [scene.later(4) for _ in range(3)] == [False, False, True]


def test_in_the_closing_auction_options_are_expected_to_speak() -> None:
    scene = Scene(wall=datetime(2026, 8, 5, 15, 38, tzinfo=IST))
    assert scene.later(11)


def test_on_a_day_that_the_calendar_does_not_know_a_feed_is_expected_to_speak() -> None:
    scene = Scene(wall=datetime(2031, 8, 5, 11, 0, tzinfo=IST))
    assert scene.later(11)


def test_a_simulated_market_has_no_hours() -> None:
    scene = Scene("simulated", datetime(2026, 8, 8, 23, 0, tzinfo=IST))
    assert scene.later(11)
