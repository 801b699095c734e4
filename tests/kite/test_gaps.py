"""Which minutes of a session are missing, and where stretches of them end."""

from datetime import date, datetime, timedelta

import pytest

from app.kite.gaps import missing_minutes, stretches
from db.market.calendar import Session, session
from db.market.clock import IST

DAY = date(2026, 8, 19)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-08-19T{text}").replace(tzinfo=IST)


def hours() -> Session:
    found = session(DAY)
    assert found is not None
    return found


def missing(stored: list[str], until: str, interval_s: float = 30) -> list[str]:
    found = missing_minutes(map(at, stored), hours(), at(until), interval_s)
    return [f"{minute:%H:%M:%S}" for minute in found]


def test_of_a_day_without_snapshots_every_minute_that_is_over_is_missing() -> None:
    assert missing([], "09:18:40") == ["09:16:00", "09:17:00", "09:18:00"]


def test_a_whole_day_ends_with_its_session() -> None:
    whole = missing([], "18:00:00")
    assert (whole[0], whole[-1], len(whole)) == ("09:16:00", "15:40:00", 385)


@pytest.mark.parametrize("until", ["09:00:00", "09:15:59"])
def test_nothing_is_missing_before_a_minute_is_over(until: str) -> None:
    assert missing([], until) == []


def test_snapshots_each_interval_have_no_gap_between_them() -> None:
    stored = ["09:15:30", "09:16:00", "09:16:30", "09:17:30"]
    assert missing(stored, "09:18:20") == []


def test_minutes_inside_a_gap_are_missing_and_its_ends_are_not() -> None:
    assert missing(["09:16:00", "09:19:00"], "09:19:30") == ["09:17:00", "09:18:00"]
    assert missing(["09:15:50", "09:17:50"], "09:18:30") == ["09:16:00", "09:17:00"]


def test_what_was_filled_by_the_minute_is_no_gap_at_any_interval() -> None:
    stored = [f"09:{minute}:00" for minute in range(16, 31)]
    for interval_s in (1, 10, 30, 60, 300):
        assert missing(stored, "09:30:30", interval_s) == []


def test_a_longer_interval_makes_longer_silences_usual() -> None:
    stored = ["09:20:00", "09:25:00"]
    assert missing(stored, "09:26:00", 300) == []
    assert missing(stored, "09:26:00", 60)[:2] == ["09:16:00", "09:17:00"]


def test_snapshots_outside_the_session_fill_nothing() -> None:
    assert missing(["08:00:00", "16:00:00"], "09:17:00") == ["09:16:00", "09:17:00"]


def test_stretches_end_where_a_minute_is_left_out() -> None:
    minutes = [at("09:16:00") + timedelta(minutes=number) for number in (0, 1, 4, 5, 6)]
    assert [len(each) for each in stretches(minutes)] == [2, 3]
    assert stretches([]) == []
