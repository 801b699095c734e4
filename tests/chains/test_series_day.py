"""The day by minute: bounds and auction from the calendar, the close before with its day."""

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from app.chains.series.asked import Asked
from app.chains.series.day import day_series
from app.chains.series.reading import Reading
from app.chains.state import Chain, ChainState
from db.market.clock import IST
from db.queries import pcr, snapshots
from db.queries.pcr import OiTotal
from tests.support.chain_states import state


class History:
    """Stands for a database whose queries the test answers."""

    @contextlib.contextmanager
    def history(self) -> Iterator[Any]:
        yield None


def series(monkeypatch: pytest.MonkeyPatch, *stored: str, earlier: str | None = None) -> Any:
    """The day of the newest of these instants, of which every one is a minute that is stored."""
    minutes = [_total(instant) for instant in stored]
    days = [] if earlier is None else [_total(earlier)]
    monkeypatch.setattr(pcr, "pcr_minutes", lambda *_: tuple(minutes))
    monkeypatch.setattr(
        pcr, "pcr_days", lambda _, __, start, end: tuple(d for d in days if start <= d.bucket < end)
    )
    monkeypatch.setattr(snapshots, "straddles", lambda *_: ())
    newest = datetime.fromisoformat(stored[-1]).replace(tzinfo=IST)
    reading = Reading(History(), state(1, {100.0: 10}, timestamp=newest), Asked())
    return json.loads(json.dumps(day_series(reading).json()))


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


@pytest.mark.parametrize(
    ("stored", "auction"),
    [("2026-08-04 10:00", ["15:15", "15:35"]), ("2026-07-30 10:00", None)],
)
def test_the_axis_says_where_the_index_stands_still(
    monkeypatch: pytest.MonkeyPatch, stored: str, auction: list[str] | None
) -> None:
    assert series(monkeypatch, stored)["auction"] == auction


def test_the_close_before_names_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    found = series(monkeypatch, "2026-08-03 10:00", earlier="2026-07-31 00:00")
    assert (found["previous_close"], found["previous_close_day"]) == (26_000.0, "2026-07-31")


@pytest.mark.parametrize(("earlier", "known"), [("2026-07-22", "2026-07-22"), ("2026-07-17", None)])
def test_the_close_before_a_long_pause_is_known_as_far_back_as_changes_count_from_it(
    monkeypatch: pytest.MonkeyPatch, earlier: str, known: str | None
) -> None:
    found = series(monkeypatch, "2026-08-03 10:00", earlier=f"{earlier} 00:00")
    assert found["previous_close_day"] == known


def test_without_an_earlier_day_the_close_before_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = series(monkeypatch, "2026-08-03 10:00")
    assert found["index"] == [26_000.0]
    assert (found["previous_close"], found["previous_close_day"]) == (None, None)


def test_without_a_chain_there_is_no_day() -> None:
    nothing = ChainState(Chain("NSE", None, ()), 0.0, None)
    found = day_series(Reading(History(), nothing, Asked())).json()
    assert found["minutes"] == []
    assert found["open"] is None
