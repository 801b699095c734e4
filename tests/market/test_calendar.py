"""Sessions by date, holidays and the instants at which contracts die."""

from datetime import date, datetime
from pathlib import Path

import pytest

from db.errors import InvalidInputError
from db.market import calendar
from db.market.calendar import Instrument, Phase
from db.market.clock import IST
from db.market.lots import lot_size

OPTIONS, INDEX = Instrument.OPTIONS, Instrument.INDEX


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize(
    ("moment", "instrument", "expected"),
    [
        ("2026-07-30 15:29:59", OPTIONS, Phase.OPEN),
        ("2026-07-30 15:30:00", OPTIONS, Phase.CLOSED),
        ("2026-07-30 15:20:00", INDEX, Phase.OPEN),
        ("2026-08-03 15:39:59", OPTIONS, Phase.OPEN),
        ("2026-08-03 15:14:59", INDEX, Phase.OPEN),
        ("2026-08-03 15:15:00", INDEX, Phase.AUCTION),
        ("2026-08-03 15:35:00", INDEX, Phase.CLOSED),
        ("2026-08-04 15:31:00", OPTIONS, Phase.OPEN),
        ("2026-08-04 15:31:00", Instrument.VIX, Phase.OPEN),
        ("2026-08-04 09:05:00", Instrument.FUTURES, Phase.PRE_OPEN),
        ("2026-08-04 09:05:00", OPTIONS, Phase.CLOSED),
        ("2025-12-04 09:05:00", Instrument.FUTURES, Phase.CLOSED),
        ("2026-02-01 11:00:00", OPTIONS, Phase.OPEN),
        ("2026-01-15 11:00:00", OPTIONS, Phase.CLOSED),
        ("2025-10-21 14:00:00", OPTIONS, Phase.OPEN),
        ("2025-10-21 11:00:00", OPTIONS, Phase.CLOSED),
        ("2026-11-08 18:30:00", OPTIONS, Phase.UNKNOWN),
        ("2026-11-24 11:00:00", OPTIONS, Phase.CLOSED),
        ("2026-11-22 11:00:00", OPTIONS, Phase.CLOSED),
        ("2027-03-10 11:00:00", OPTIONS, Phase.UNKNOWN),
        ("2027-03-10 20:00:00", OPTIONS, Phase.CLOSED),
    ],
)
def test_the_phase_of_a_moment(moment: str, instrument: Instrument, expected: Phase) -> None:
    assert calendar.phase(at(moment), instrument) is expected


def test_a_contract_lives_to_the_end_of_its_days_session() -> None:
    assert calendar.expiry_instant(date(2026, 7, 28)) == at("2026-07-28 15:30")
    assert calendar.expiry_instant(date(2026, 8, 4)) == at("2026-08-04 15:40")
    assert calendar.expiry_instant(date(2027, 8, 3)) == at("2027-08-03 15:40")
    assert calendar.seconds_to_expiry(date(2026, 8, 4), at("2026-08-04 15:35")) == 300
    assert calendar.seconds_to_expiry(date(2026, 7, 28), at("2026-07-28 15:35")) == 0


def test_days_are_trading_days_holidays_or_unknown() -> None:
    known = {
        date(2026, 2, 1): True,
        date(2026, 11, 8): True,
        date(2026, 11, 24): False,
        date(2026, 11, 21): False,
        date(2026, 11, 25): True,
        date(2027, 1, 4): None,
    }
    assert {day: calendar.is_trading_day(day) for day in known} == known
    assert calendar.previous_trading_day(date(2026, 11, 25)) == date(2026, 11, 23)
    assert calendar.previous_trading_day(date(2026, 2, 2)) == date(2026, 2, 1)


def test_beyond_the_table_a_session_is_not_certain() -> None:
    unsure = calendar.session(date(2027, 3, 10))
    assert unsure is not None
    assert not unsure.certain
    assert unsure.closes == at("2027-03-10 15:40")
    assert calendar.session(date(2026, 11, 8)) is None


def test_an_operators_file_goes_before_the_table(tmp_path: Path) -> None:
    own = tmp_path / "calendar.toml"
    own.write_text(
        "known_from = 2027-01-01\nknown_until = 2027-12-31\n"
        "[[holidays]]\ndates = [2027-03-10]\n"
        "[[special]]\ndate = 2026-11-08\nname = 'Muhurat'\nopens = 18:00:00\ncloses = 19:00:00\n"
    )
    try:
        calendar.adopt(own)
        assert calendar.phase(at("2026-11-08 18:30")) is Phase.OPEN
        assert calendar.is_trading_day(date(2027, 3, 10)) is False
        assert calendar.phase(at("2027-03-11 11:00")) is Phase.OPEN
    finally:
        calendar.adopt(None)
    assert calendar.phase(at("2026-11-08 18:30")) is Phase.UNKNOWN


@pytest.mark.parametrize("text", ["not toml", "[[special]]\nopens = 18:00:00", "holidays = 3"])
def test_a_calendar_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(InvalidInputError, match=r"own\.toml"):
        calendar.adopt(own)
    with pytest.raises(InvalidInputError, match=r"none\.toml"):
        calendar.adopt(tmp_path / "none.toml")


def test_a_lot_is_a_fact_of_a_contract_and_its_expiry() -> None:
    # the monthly contracts of January 2025 were older than the weekly ones before and after
    january = [date(2025, 1, 23), date(2025, 1, 30), date(2025, 2, 6)]
    assert [lot_size("NIFTY", expiry) for expiry in january] == [75, 25, 75]
    assert lot_size("NIFTY", date(2025, 12, 9)) == 75
    assert lot_size("NIFTY", date(2026, 1, 6)) == 65
    assert lot_size("BANKNIFTY", date(2025, 12, 30)) == 35
    assert lot_size("BANKNIFTY", date(2026, 1, 27)) == 30
    assert lot_size("SENSEX", date(2026, 8, 6)) == 20
    assert lot_size("RELIANCE", date(2026, 8, 25)) is None
