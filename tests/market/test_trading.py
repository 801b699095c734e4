"""What is taken for granted where the calendar ends, and that its end is said in time."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from db.market import calendar
from db.market.calendar import Instrument
from db.market.clock import IST
from db.market.trading import calendar_warning, may_trade, unknown_from
from tests.support.paths import ROOT

OPTIONS, INDEX = Instrument.OPTIONS, Instrument.INDEX


@pytest.mark.parametrize(
    ("moment", "instrument", "expected"),
    [
        ("2026-11-27 09:14:59", OPTIONS, False),
        ("2026-11-27 09:15:00", OPTIONS, True),
        ("2026-11-27 15:20:00", OPTIONS, True),
        ("2026-11-27 15:20:00", INDEX, False),
        ("2026-11-27 15:40:00", OPTIONS, False),
        ("2026-11-24 11:00:00", OPTIONS, False),
        ("2027-03-10 09:14:59", OPTIONS, False),
        ("2027-03-10 09:15:00", OPTIONS, True),
        ("2027-03-10 15:20:00", OPTIONS, True),
        ("2027-03-10 15:20:00", INDEX, False),
        ("2027-03-10 15:40:00", OPTIONS, False),
        ("2027-03-13 11:00:00", OPTIONS, False),
        ("2026-11-08 18:30:00", OPTIONS, True),
    ],
)
def test_beyond_the_calendar_the_usual_hours_count(
    moment: str, instrument: Instrument, expected: bool
) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=IST)
    assert may_trade(at, instrument) is expected


def test_the_end_of_the_calendar_is_said_two_weeks_ahead_and_from_then_on() -> None:
    assert unknown_from(date(2026, 12, 17)) is None
    assert calendar_warning(date(2026, 12, 17)) is None
    assert unknown_from(date(2026, 12, 18)) == date(2027, 1, 1)
    told = calendar_warning(date(2026, 12, 18))
    assert told is not None
    assert told.startswith("The calendar knows no holidays from 1 January 2027 on")
    assert unknown_from(date(2027, 3, 13)) == date(2027, 3, 15)


def test_the_file_that_the_documentation_shows_goes_on_from_there(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(known_from.*?)```", page, re.DOTALL)
    own = tmp_path / "2027.toml"
    own.write_text(shown)
    calendar.adopt(own)
    try:
        assert calendar_warning(date(2026, 12, 18)) is None
        assert not may_trade(datetime(2027, 1, 26, 11, tzinfo=IST))
        assert may_trade(datetime(2027, 1, 27, 11, tzinfo=IST))
    finally:
        calendar.adopt(None)
