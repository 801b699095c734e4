"""One chain after the other, each computed or counted; clocks may be set as they like."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.collector.assemble import Assembled, Assembler
from app.collector.counts import Counts
from app.collector.enrich import moment_of
from app.collector.past import Past
from db.market import clock
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, STRIKES, chain, minutes, tick
from tests.support.chains import rows_of


class Bench:
    """An assembler of a live feed with a wall clock that a test sets."""

    def __init__(self, *, is_live: bool = True) -> None:
        self.wall, self.counts, self.past = AT, Counts(), Past()
        self.assembler = Assembler(
            self.counts,
            self.past,
            is_live=is_live,
            source="live" if is_live else "replayed",
            interval_s=30,
            now=lambda: self.wall,
        )

    def takes(self, *batches: ChainSnapshot) -> list[Assembled]:
        found = [self.assembler.assemble(batch) for batch in batches]
        return [each for each in found if each is not None]


def stored_at(found: Sequence[Assembled]) -> list[datetime]:
    return [each.snapshot.timestamp for each in found if each.is_stored]


def test_marks_are_stored_and_what_is_between_is_shown() -> None:
    found = Bench().takes(*(chain(AT + timedelta(seconds=s)) for s in (0, 1, 29, 30.5)))
    assert [each.is_stored for each in found] == [True, False, False, True]
    assert [bool(each.snapshot.features) for each in found] == [True, False, False, True]
    assert stored_at(found) == [AT, AT + timedelta(seconds=30)]
    assert {each.snapshot.source for each in found} == {"live"}


def broken(**arrays: Any) -> ChainSnapshot:
    """A chain whose arrays do not fit each other: nothing that a check looks for."""
    given = chain(AT + timedelta(seconds=1))
    return replace(given, options=replace(given.options, **arrays))


@pytest.mark.parametrize(
    "bad",
    [
        broken(ltp=np.zeros(3)),
        broken(oi=None),
        broken(symbol=np.array([b"N"])),
        replace(chain(), timestamp="noon"),
        replace(chain(), options=None),
    ],
    ids=["lengths", "a missing column", "one symbol", "no instant", "no contracts"],
)
def test_a_chain_that_cannot_be_computed_is_counted_and_others_go_on(
    bad: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    with caplog.at_level(logging.ERROR, "oi.collector"):
        found = bench.takes(chain(), bad, bad, chain(exchange="BSE"), chain(AT + minutes(0.5)))
    assert [each.snapshot.exchange for each in found] == ["NSE", "BSE", "NSE"]
    (reason,) = bench.counts.rejected
    assert reason.startswith("cannot be computed: ")
    assert bench.counts.rejected[reason] == 2
    assert caplog.text.count("Traceback") == 1, "said once, not at every state"


@pytest.mark.parametrize("strike", [float("nan"), float("inf"), 0.0, -50.0])
def test_a_strike_that_is_no_number_costs_its_contract_only(strike: float) -> None:
    rows = [tick(k, "CE") for k in STRIKES] + [tick(26_000.0, "PE") | {"strike": strike}]
    bench = Bench()
    (found, other) = bench.takes(chain(rows=rows), chain(exchange="BSE"))
    assert [row["strike"] for row in rows_of(found.snapshot.options)] == list(STRIKES)
    assert len(other.snapshot.options) == 10
    assert bench.counts.rejected.total() == 1


def test_an_instant_in_the_future_is_refused() -> None:
    bench = Bench()
    assert not bench.takes(chain(AT + minutes(5.1)))
    assert bench.takes(chain(AT + minutes(4.9)))
    assert bench.counts.rejected == {clock.IN_THE_FUTURE: 10}


def test_instants_of_any_zone_are_told_in_market_time() -> None:
    (found,) = Bench().takes(chain(AT.astimezone(tz=None)))
    assert found.snapshot.timestamp.utcoffset() == timedelta(hours=5, minutes=30)
    assert found.snapshot.timestamp == AT


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_machines_clock_that_is_set_anew_refuses_nothing_of_an_exchanges(hours: int) -> None:
    bench = Bench()
    seconds = [timedelta(seconds=s) for s in range(0, 120, 10)]
    found = bench.takes(*(chain(AT + passed) for passed in seconds[:6]))
    bench.wall += timedelta(hours=hours)
    found += bench.takes(*(chain(AT + passed) for passed in seconds[6:]))
    assert len(found) == 12
    assert stored_at(found) == [AT + timedelta(seconds=s) for s in (0, 30, 60, 90)]
    assert not bench.counts.rejected


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_feed_on_a_clock_that_is_set_anew_goes_on_with_marks_and_changes(hours: int) -> None:
    bench = Bench()
    bench.past.settle("NSE", ())
    found: list[Assembled] = []
    for step in range(0, 601, 10):
        bench.wall = AT + timedelta(seconds=step) + (step > 300) * timedelta(hours=hours)
        found += bench.takes(chain(bench.wall, oi=7_500 + step))
    after = [each.snapshot for each in found[-10:]]
    assert len(found) == 61
    assert not bench.counts.rejected
    marks = [mark.replace(tzinfo=None) for mark in stored_at(found)]
    steps = np.diff(np.array(marks, dtype="M8[s]")).astype(int).tolist()
    # a state that follows a missed mark is stored at its own time
    jump = hours * 3600 + (10 if hours > 0 else 30)
    assert steps == [30] * 10 + [jump] + [20] * (hours > 0) + [30] * 9
    # against what was said three minutes before on the same clock
    assert rows_of(after[-1].options)[0]["oi_change_3m"] == 180


def test_marks_that_a_clock_passes_twice_are_stored_twice() -> None:
    bench = Bench()
    bench.wall = AT + minutes(10)
    seconds = [*range(0, 100, 10), *range(0, 100, 10)]
    found = bench.takes(*(chain(AT + timedelta(seconds=s)) for s in seconds))
    marks = [AT + timedelta(seconds=s) for s in (0, 30, 60, 90)]
    assert stored_at(found) == [*marks, *marks]


def test_the_past_is_asked_for_once_and_until_it_is_known_changes_are_not_vouched_for() -> None:
    bench = Bench()
    (first,) = bench.takes(chain())
    assert bench.past.questions() == (("NSE", AT),)
    assert not first.snapshot.has_changes
    bench.past.settle("NSE", (moment_of(chain(AT - minutes(5), oi=5_000)),))
    (second,) = bench.takes(chain(AT + timedelta(seconds=1)))
    assert bench.past.questions() == ()
    assert second.snapshot.has_changes
    assert rows_of(second.snapshot.options)[0]["oi_change_5m"] == 2_500


def test_a_past_that_nobody_knows_leaves_the_changes_to_the_database() -> None:
    bench = Bench()
    bench.takes(chain())
    bench.past.settle("NSE", None)
    (found,) = bench.takes(chain(AT + timedelta(seconds=1)))
    assert not found.snapshot.has_changes


def test_a_recording_is_computed_with_its_past() -> None:
    bench = Bench(is_live=False)
    bench.past.close()
    found = bench.takes(chain(AT), chain(AT + timedelta(seconds=7)))
    assert stored_at(found) == [AT, AT + timedelta(seconds=7)]
    assert {each.snapshot.source for each in found} == {"replayed"}


def test_what_becomes_known_of_the_past_gives_the_next_chain_its_changes() -> None:
    bench = Bench()
    (before,) = bench.takes(chain(AT, oi=7_500))
    bench.past.add("NSE", [moment_of(chain(AT - minutes(3), oi=6_000))])
    (after,) = bench.takes(chain(AT + timedelta(seconds=1), oi=7_500))
    assert {row["oi_change_3m"] for row in rows_of(before.snapshot.options)} == {None}
    assert {row["oi_change_3m"] for row in rows_of(after.snapshot.options)} == {1_500}
    assert list(bench.past.take_added("NSE")) == []
