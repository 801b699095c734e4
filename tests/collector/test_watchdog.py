"""A feed that is connected but dead is noticed by the age of its data."""

from datetime import datetime, timedelta

from app.collector.watchdog import Watchdog
from tests.collector.chains import AT


class Scene:
    def __init__(self) -> None:
        self.at, self.asked = AT, 0
        self.watchdog = Watchdog(self.now, self.ask, timedelta(seconds=10))

    def now(self) -> datetime:
        return self.at

    def ask(self) -> None:
        self.asked += 1

    def later(self, seconds: float) -> bool:
        self.at += timedelta(seconds=seconds)
        return self.watchdog.look()


def test_fresh_data_is_left_alone() -> None:
    scene = Scene()
    for _ in range(5):
        scene.watchdog.saw(scene.at)
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
        scene.watchdog.saw(AT)
        scene.later(5)
    assert scene.asked == 1


def test_recovery_and_another_death_are_two_periods() -> None:
    scene = Scene()
    scene.later(11)
    scene.watchdog.saw(scene.at)
    assert not scene.later(1)
    scene.later(11)
    assert scene.watchdog.stale_periods == 2
