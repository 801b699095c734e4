"""The day's series: one read for a crowd, kept for a minute, with bounds from the calendar."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.chains import day as day_module
from app.chains.day import DaySeries, day_series
from app.chains.state import ChainState
from db.market.clock import IST
from db.queries import pcr
from db.queries.pcr import OiTotal
from tests.support.chain_states import MARKET_TIME, state

CROWD = 16


class History:
    """Counts the connections that were asked for."""

    def __init__(self) -> None:
        self.reads = 0

    @contextlib.contextmanager
    def history(self) -> Iterator[None]:
        self.reads += 1
        yield


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    made = History()
    monkeypatch.setattr(
        day_module, "day_series", lambda connection, exchange, at: {"day": f"{at}", "n": made.reads}
    )
    return made


def at(seconds: float, sequence: int = 1) -> ChainState:
    return state(sequence, {100.0: 10}, timestamp=MARKET_TIME + timedelta(seconds=seconds))


def test_the_day_is_read_once_a_minute_of_the_market(history: History) -> None:
    now = [0.0]
    days = DaySeries(history, lambda: now[0])
    first = days.body(at(0))
    assert days.body(at(59, sequence=60)) is first
    assert days.body(at(60, sequence=61)) is not first
    assert history.reads == 2
    # late rows of a minute that does not end show all the same
    now[0] += 61.0
    days.body(at(60, sequence=61))
    assert history.reads == 3


def test_a_crowd_reads_the_day_once(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    days = DaySeries(history)

    def slow(*_: object) -> dict[str, Any]:
        flight = next(iter(days._flights._flights.values()))
        while len(flight.outcome._condition._waiters) < CROWD - 1:
            time.sleep(0.001)
        return {"day": None}

    monkeypatch.setattr(day_module, "day_series", slow)
    threads = [threading.Thread(target=days.body, args=(at(0),)) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert history.reads == 1


def test_exchanges_and_rebuilt_databases_do_not_share_a_day(history: History) -> None:
    days = DaySeries(history)
    for shown in (at(0), state(1, {100.0: 10}, "BSE"), state(1, {100.0: 10}, incarnation=1)):
        days.body(shown)
    assert history.reads == 3


def series(monkeypatch: pytest.MonkeyPatch, *stored: str, earlier: str | None = None) -> Any:
    """The day of the newest of these instants, of which every one is a minute that is stored."""
    minutes = [_total(instant) for instant in stored]
    days = [] if earlier is None else [_total(earlier)]
    monkeypatch.setattr(pcr, "pcr_minutes", lambda *_: tuple(minutes))
    monkeypatch.setattr(pcr, "pcr_days", lambda *_: tuple(days))
    newest = datetime.fromisoformat(stored[-1]).replace(tzinfo=IST)
    return json.loads(json.dumps(day_series(None, "NSE", newest)))  # type: ignore[arg-type]


def _total(instant: str) -> OiTotal:
    known = {
        "bucket": datetime.fromisoformat(instant).replace(tzinfo=IST),
        "underlying_close": 26_000.0,
    }
    return OiTotal(**{**dict.fromkeys(OiTotal._fields), **known})


@pytest.mark.parametrize(
    ("stored", "bounds"),
    [
        (["2026-08-04 10:00", "2026-08-04 11:00"], ("09:15", "15:40")),
        (["2026-07-30 10:00"], ("09:15", "15:30")),
        # no session: what is stored
        (["2026-08-01 10:05", "2026-08-01 11:30"], ("10:05", "11:30")),
        # a simulated market keeps no hours
        (["2026-08-04 08:00", "2026-08-04 20:10"], ("08:00", "20:10")),
        # Muhurat
        (["2025-10-21 14:00"], ("13:45", "14:45")),
    ],
)
def test_the_axis_is_the_days_session(
    monkeypatch: pytest.MonkeyPatch, stored: list[str], bounds: tuple[str, str]
) -> None:
    found = series(monkeypatch, *stored)
    assert (found["open"], found["close"]) == bounds


def test_the_close_before_names_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    found = series(monkeypatch, "2026-08-03 10:00", earlier="2026-07-31 00:00")
    assert (found["previous_close"], found["previous_close_day"]) == (26_000.0, "2026-07-31")


def test_without_an_earlier_day_the_close_before_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = series(monkeypatch, "2026-08-03 10:00")
    assert found["index"] == [26_000.0]
    assert (found["previous_close"], found["previous_close_day"]) == (None, None)


def test_without_a_chain_there_is_no_day() -> None:
    found = day_series(None, "NSE", None)  # type: ignore[arg-type]
    assert found["minutes"] == []
    assert found["open"] is None
