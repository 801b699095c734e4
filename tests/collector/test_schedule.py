"""One snapshot an interval, under the time of its mark."""

from datetime import timedelta

import pytest

from app.collector.schedule import Schedule
from tests.collector.chains import AT, chain


def stored(schedule: Schedule, *seconds: float) -> list[float]:
    found = []
    for second in seconds:
        due = schedule.due(chain(AT + timedelta(seconds=second)))
        if due is not None:
            found.append((due.timestamp - AT).total_seconds())
    return found


def test_the_first_state_of_each_interval_is_stored() -> None:
    assert stored(Schedule(30), *range(95)) == [0, 30, 60, 90]


def test_a_state_shortly_after_its_mark_is_stored_under_the_mark() -> None:
    assert stored(Schedule(30), 28, 29, 31.5, 32) == [30]


def test_a_late_state_is_stored_under_its_own_time() -> None:
    assert stored(Schedule(30), 29, 47.25, 48, 60) == [47, 60]


def test_the_first_state_after_a_start_does_not_stand_for_a_mark_it_missed() -> None:
    assert stored(Schedule(30), 12, 13, 30) == [30]


def test_every_exchange_has_its_own_turn() -> None:
    schedule = Schedule(30)
    assert schedule.due(chain(AT)) is not None
    assert schedule.due(chain(AT, exchange="BSE")) is not None
    assert schedule.due(chain(AT)) is None


@pytest.mark.parametrize("interval_s", [1, 7, 60, 3600])
def test_marks_are_multiples_of_the_interval_since_midnight(interval_s: int) -> None:
    for mark in stored(Schedule(interval_s), *range(0, 7201)):
        assert (AT.hour * 3600 + mark) % interval_s == 0
