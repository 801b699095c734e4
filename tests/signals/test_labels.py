"""Labels: the first barrier that is met, and none over what no trade could be held through."""

import numpy as np
import pytest

from app.signals.frame import Frame
from app.signals.labels import Rules, in_session, labels
from db.market.limits import SERIES_GAP_S
from tests.signals.market import frame

RULES = Rules(horizon_s=900, width=0.5, cost_bps=3)
MINUTE = np.timedelta64(60, "s")


def walk(start: str, prices: list[float], step: np.timedelta64 = MINUTE) -> Frame:
    first = np.datetime64(start, "us")
    instants = first + np.arange(len(prices)) * step
    index = np.array(prices)
    return Frame(
        instants.astype("datetime64[us]"),
        {"underlying_price": index, "vix": np.full(len(index), 12.0)},
    )


def slow(data: Frame, i: int) -> tuple[float, float]:
    """(side, move) by walking forward row by row."""
    price, now = data["underlying_price"][i], data.instants[i]
    far = RULES.barrier(data["vix"][i : i + 1])[0]
    moved = 0.0
    for j in range(i + 1, len(data)):
        if data.instants[j] - now > np.timedelta64(RULES.horizon_s, "s"):
            break
        moved = data["underlying_price"][j] / price - 1
        if abs(moved) >= far:
            return float(np.sign(moved)), moved
    return 0.0, moved


def test_labels_are_those_of_a_slow_walk() -> None:
    data = frame(2, effect=1, seed=3, step_s=30)
    found = labels(data, RULES)
    known = np.flatnonzero(found.is_known)
    assert len(known) > 1300
    for i in known[::29]:
        side, move = slow(data, int(i))
        assert found.side[i] == side
        assert found.move[i] == pytest.approx(move)
    assert (found.end[known] <= data.instants[known] + np.timedelta64(900, "s")).all()


def test_costs_widen_both_sides() -> None:
    vix = np.array([12.0])
    free, dear = Rules(cost_bps=0).barrier(vix), Rules(cost_bps=10).barrier(vix)
    assert dear - free == pytest.approx(0.001)


@pytest.mark.parametrize(("day", "closes"), [("2026-07-30", "15:30"), ("2026-08-03", "15:15")])
def test_no_label_reaches_over_the_index_s_close(day: str, closes: str) -> None:
    data = walk(f"{day}T14:30", [25_000.0] * 75)
    found = labels(data, RULES)
    last = np.datetime64(f"{day}T{closes}", "us") - np.timedelta64(900, "s")
    assert (found.is_known == (data.instants <= last)).all()


def test_no_label_reaches_into_the_next_day() -> None:
    data = frame(2, effect=0, seed=1)
    found = labels(data, RULES)
    assert (found.end[found.is_known].astype("datetime64[D]") == data.days[found.is_known]).all()


def test_no_label_reaches_over_a_gap() -> None:
    data = walk("2026-07-30T10:00", [25_000.0] * 120)
    gap = (data.instants > np.datetime64("2026-07-30T10:40")) & (
        data.instants <= np.datetime64("2026-07-30T10:41") + np.timedelta64(SERIES_GAP_S, "s")
    )
    held = data.rows(~gap)
    found = labels(held, RULES)
    before = held.instants <= np.datetime64("2026-07-30T10:40")
    reaches = before & (held.instants > np.datetime64("2026-07-30T10:25"))
    assert not found.is_known[reaches].any()
    assert found.is_known[before & ~reaches].all()


def test_an_unknown_price_is_no_price() -> None:
    data = walk("2026-07-30T10:00", [25_000.0] * 60)
    data["underlying_price"][10] = np.nan
    data["underlying_price"][11] = 0.0
    found = labels(data, RULES)
    assert not found.is_known[10]
    assert not found.is_known[11]
    assert found.is_known[9]
    assert found.side[9] == 0


def test_the_session_is_where_labels_may_be() -> None:
    data = walk("2026-08-03T08:00", [25_000.0] * 900)
    inside = in_session(data)
    opens, closes = (np.datetime64(f"2026-08-03T{at}") for at in ("09:15", "15:15"))
    assert (inside == ((data.instants >= opens) & (data.instants < closes))).all()
    assert inside[labels(data, RULES).is_known].all()


@pytest.mark.parametrize("start", ["2026-07-30T18:00", "2026-08-01T11:00", "2026-08-03T08:15"])
def test_outside_a_session_labels_are_for_markets_of_their_own_hours(start: str) -> None:
    data = walk(start, [25_000.0] * 60)
    assert not labels(data, RULES).is_known.any()
    # all but the last quarter of an hour, whose end is not there
    assert labels(data, RULES, nights=True).is_known.sum() == 45


def test_no_night_begins_while_an_index_stands_or_before_it_opens() -> None:
    data = walk("2026-08-03T09:00", [25_000.0] * 405)
    known = labels(data, RULES, nights=True).is_known
    clock = data.instants.astype("datetime64[m]").astype(str)
    assert clock[known][0] == "2026-08-03T09:00"
    assert clock[known][1] == "2026-08-03T09:15"
    assert clock[known][-1] == "2026-08-03T15:00"
