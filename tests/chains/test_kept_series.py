"""Series are read once for a crowd, and anew when what they were made of is another."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.cache import Cache
from app.chains.series import kept
from app.chains.series.asked import Asked
from app.chains.series.kept import KeptSeries
from app.chains.series.kinds import KINDS
from app.chains.series.made import Series
from app.chains.series.reading import Reading
from app.chains.state import ChainState
from db.errors import InvalidInputError
from tests.support.cache_clock import CacheClock
from tests.support.chain_states import MARKET_TIME, state

NEWEST = Asked()
BEFORE = Asked(day=MARKET_TIME.date() - timedelta(days=1))


class History:
    """Counts the reads."""

    def __init__(self) -> None:
        self.reads = 0

    @contextlib.contextmanager
    def history(self) -> Iterator[None]:
        self.reads += 1
        yield


def made(reading: Reading) -> Series:
    with reading.source.history():
        return Series({"day": f"{reading.day}"}, {})


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    kinds = {name: replace(kind, make=made) for name, kind in KINDS.items()}
    monkeypatch.setattr(kept, "KINDS", kinds)
    return History()


def at(seconds: float, sequence: int = 1) -> ChainState:
    return state(sequence, {100.0: 10}, timestamp=MARKET_TIME + timedelta(seconds=seconds))


def test_a_day_is_read_once_a_minute_of_the_market(
    history: History, cache_clock: CacheClock
) -> None:
    series = KeptSeries(history, Cache())
    for seconds in (0, 59):
        series.answer("day", at(seconds, sequence=seconds + 1), NEWEST)
    assert history.reads == 1
    series.answer("day", at(60, sequence=61), NEWEST)
    assert history.reads == 2
    # late rows of a minute that does not end show all the same
    cache_clock.passes(61.0)
    series.answer("day", at(60, sequence=61), NEWEST)
    assert history.reads == 3


def test_a_day_that_is_over_is_not_read_again_with_the_minute(
    history: History, cache_clock: CacheClock
) -> None:
    series = KeptSeries(history, Cache())
    assert series.answer("day", at(0), BEFORE).is_closed
    series.answer("day", at(600, sequence=9), BEFORE)
    assert history.reads == 1
    assert not series.answer("day", at(0), NEWEST).is_closed
    # history may have been filled in behind it
    cache_clock.passes(601.0)
    series.answer("day", at(600, sequence=9), BEFORE)
    assert history.reads == 3


def test_what_is_of_the_state_is_made_with_each(history: History) -> None:
    series = KeptSeries(history, Cache())
    for sequence in (1, 1, 2):
        series.answer("gamma", at(0, sequence), NEWEST)
    assert history.reads == 2


def test_exchanges_days_and_rebuilt_databases_share_nothing(history: History) -> None:
    series = KeptSeries(history, Cache())
    for shown in (at(0), state(1, {100.0: 10}, "BSE"), state(1, {100.0: 10}, incarnation=1)):
        series.answer("day", shown, NEWEST)
        series.answer("day", shown, BEFORE)
    assert history.reads == 6


@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("day", {"day": "yesterday"}, "day must be a date like 2026-08-03, not 'yesterday'"),
        ("day", {"day": "2026-13-01"}, "day must be a date"),
        ("smile", {"at": "noon"}, "at must be a moment like"),
        ("smile", {"at": "0001-01-01T00:00:00+14:00"}, "at must be between 1990 and 2199"),
        ("day", {"day": "9999-12-31"}, "day must be between 1990 and 2199"),
        ("contract", {"side": "CE"}, "strike= is missing"),
        ("contract", {"strike": "26000"}, "side= is missing"),
        ("contract", {"strike": "26000", "side": "XX"}, "side must be CE or PE, not 'XX'"),
        ("contract", {"strike": "nan", "side": "CE"}, "strike must be a strike, not 'nan'"),
        ("contract", {"strike": "1e9", "side": "CE"}, "strike must be a strike"),
        ("straddle", {"strikes": "1,2,3"}, "one strike, or two with a comma"),
        ("straddle", {"strikes": ""}, "strikes must be a strike, not ''"),
        ("days", {"days": "0"}, "days must be a whole number from 1 to 250"),
        ("days", {"days": "٣"}, "days must be a whole number"),
        ("heat", {"around": "501"}, "around must be a whole number from 1 to 500"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    name: str, words: dict[str, str], sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence.replace("(", r"\(")):
        Asked.of(words, KINDS[name].wanted)


def test_a_strangle_is_of_its_lower_put_and_its_higher_call() -> None:
    assert Asked.of({"strikes": "26200,25800"}, KINDS["straddle"].wanted).strikes == (
        25_800.0,
        26_200.0,
    )
