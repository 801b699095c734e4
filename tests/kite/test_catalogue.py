"""The dump of a day: fetched once, kept, and outlived by the last one when a new one is unsound."""

from datetime import date, datetime
from pathlib import Path

import pytest

from app.kite.catalogue import Catalogue
from app.kite.errors import BrokerError
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from tests.kite.test_instruments import HEADER, line

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=IST)
TUESDAY = datetime(2026, 11, 17, 9, 0, tzinfo=IST)


def text(strikes: int = 40) -> str:
    rows = [
        line(256 * n + place * 100_000, f"N{day}{strike}{kind}", day, strike, kind)
        for place, day in enumerate(("2026-11-17", "2026-11-23", "2026-12-01"), 1)
        for n, strike in enumerate(range(26_000, 26_000 + 50 * strikes, 50), 1)
        for kind in ("CE", "PE")
    ]
    return "\n".join((HEADER, *rows)) + "\n"


class Broker:
    """Answers with what it is given, in turn; an error is raised."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def catalogue(broker: Broker, folder: Path, clock: Clock) -> Catalogue:
    return Catalogue(broker, folder, [EXCHANGES["NSE"]], clock=clock, run=lambda renew: renew())


def test_a_day_is_asked_for_once_and_its_listing_stays_the_same(
    tmp_path: Path, clock: Clock
) -> None:
    broker = Broker(text())
    known = catalogue(broker, tmp_path, clock)
    first = known.at(MONDAY)["NSE"]
    assert known.at(MONDAY.replace(hour=15))["NSE"] is first
    assert first.expiry == date(2026, 11, 17)
    again = catalogue(Broker(), tmp_path, clock)
    assert again.at(MONDAY)["NSE"].token.tolist() == first.token.tolist()
    assert broker.asked == 1


def test_the_next_chain_is_followed_once_todays_has_died(tmp_path: Path, clock: Clock) -> None:
    known = catalogue(Broker(text()), tmp_path, clock)
    assert known.at(TUESDAY.replace(hour=15, minute=39))["NSE"].expiry == date(2026, 11, 17)
    assert known.at(TUESDAY.replace(hour=15, minute=40))["NSE"].expiry == date(2026, 11, 23)


@pytest.mark.parametrize("unsound", [BrokerError("away"), text(strikes=20), "nonsense"])
def test_an_unsound_day_goes_on_with_the_last_dump_and_asks_again(
    tmp_path: Path, clock: Clock, unsound: str | Exception
) -> None:
    broker = Broker(text(), unsound, text(strikes=41))
    known = catalogue(broker, tmp_path, clock)
    assert len(known.at(MONDAY)["NSE"]) == 80
    assert len(known.at(TUESDAY)["NSE"]) == 80
    assert len(known.at(TUESDAY)["NSE"]) == 80
    assert broker.asked == 2
    clock.s += 3600
    assert len(known.at(TUESDAY)["NSE"]) == 82


def test_without_any_dump_nothing_is_followed_and_a_sentence_says_so(
    tmp_path: Path, clock: Clock
) -> None:
    known = catalogue(Broker(BrokerError("away")), tmp_path, clock)
    with pytest.raises(BrokerError, match="nothing can be followed"):
        known.at(MONDAY)


def test_a_kept_dump_that_is_damaged_is_fetched_anew(tmp_path: Path, clock: Clock) -> None:
    catalogue(Broker(text()), tmp_path, clock).at(MONDAY)
    (kept,) = tmp_path.glob("*.gz")
    kept.write_bytes(kept.read_bytes()[:100])
    broker = Broker(text())
    assert len(catalogue(broker, tmp_path, clock).at(MONDAY)["NSE"]) == 80
    assert broker.asked == 1
