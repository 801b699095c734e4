"""OI change, PCR and max pain against direct computation."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.baselines import baseline_position, baseline_positions
from app.analytics.open_interest import (
    absolute_change,
    itm_oi_change,
    max_pain,
    percent_change,
    put_call_ratio,
)
from db.market.clock import IST

CALL_PUT = np.array([True, False])


def payout(settlement: float, strike: float, is_call: bool, oi: float) -> float:
    distance = settlement - strike if is_call else strike - settlement
    return oi * max(distance, 0.0)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(200, 240), st.booleans(), st.integers(0, 10_000)),
        min_size=1,
        max_size=60,
    )
)
def test_max_pain_is_the_cheapest_settlement(chain: list[tuple[int, bool, int]]) -> None:
    strike = np.array([row[0] * 50.0 for row in chain])
    is_call = np.array([row[1] for row in chain])
    oi = np.array([float(row[2]) for row in chain])
    found = float(max_pain(strike, is_call, oi))
    if not oi.sum() or is_call.all() or not is_call.any():
        assert np.isnan(found)
        return
    total = {
        k: sum(payout(k, s, c, q) for s, c, q in zip(strike, is_call, oi, strict=True))
        for k in sorted(set(strike))
    }
    assert found == min(total, key=lambda k: (total[k], k))


def test_max_pain_of_several_instants_is_that_of_each() -> None:
    strike = np.array([100.0, 110.0, 120.0, 100.0, 110.0, 120.0])
    is_call = np.array([True] * 3 + [False] * 3)
    oi = np.array([[5, 5, 5, 5, 5, 5], [90, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 90]], dtype=float)
    assert max_pain(strike, is_call, oi).tolist() == [
        float(max_pain(strike, is_call, row)) for row in oi
    ]
    assert max_pain(strike, is_call, oi).tolist() == [110.0, 100.0, 120.0]


def test_max_pain_ignores_unknown_oi() -> None:
    oi = np.array([10.0, np.nan, 10.0])
    assert float(max_pain([100.0, 105.0, 110.0], np.array([True, True, False]), oi)) == 100.0


@pytest.mark.parametrize("unknown", [[0, 1], [2, 3]])
def test_a_side_of_which_nothing_is_known_leaves_max_pain_and_pcr_unknown(
    unknown: list[int],
) -> None:
    is_call, oi = np.array([True, True, False, False]), np.array([10.0, 20.0, 30.0, 40.0])
    oi[unknown] = np.nan
    assert np.isnan(max_pain([100.0, 105.0, 100.0, 105.0], is_call, oi))
    assert np.isnan(put_call_ratio(is_call, oi))


def test_what_is_known_of_a_side_counts() -> None:
    is_call = np.array([True, True, False, False])
    assert float(put_call_ratio(is_call, [10.0, np.nan, 30.0, np.nan])) == 3.0


def test_max_pain_of_an_empty_chain_is_unknown() -> None:
    assert np.isnan(max_pain(np.array([]), np.array([], dtype=bool), np.array([])))


def test_pcr_divides_puts_by_calls() -> None:
    assert float(put_call_ratio(CALL_PUT, [200.0, 150.0])) == 0.75


def test_pcr_without_calls_is_unknown() -> None:
    assert np.isnan(put_call_ratio(CALL_PUT, [0.0, 150.0]))
    assert np.isnan(put_call_ratio(CALL_PUT, [np.nan, 150.0]))


def test_change_is_in_units_and_in_percent_of_the_baseline() -> None:
    assert absolute_change([110.0, 90.0], [100.0, 120.0]).tolist() == [10.0, -30.0]
    assert percent_change([110.0, 90.0], [100.0, 120.0]).tolist() == [10.0, -25.0]


def test_change_from_nothing_or_from_the_unknown_is_unknown() -> None:
    assert np.isnan(percent_change([110.0, 90.0, np.nan], [0.0, np.nan, 5.0])).all()


STRIKE = np.repeat(np.arange(25_700.0, 26_301.0, 50.0), 2)
IS_CALL = np.tile([True, False], len(STRIKE) // 2)


def itm(oi: np.ndarray, before: np.ndarray, atm: float = 26_000.0) -> tuple[float, float]:
    ce, pe = itm_oi_change(STRIKE, IS_CALL, oi, before, atm, 50.0)
    return float(ce), float(pe)


def test_itm_change_is_the_sum_now_against_the_sum_then() -> None:
    before = np.full(len(STRIKE), 100.0)
    now = before.copy()
    now[(STRIKE == 25_950) & IS_CALL] = 300.0
    now[(STRIKE == 25_750) & IS_CALL] = 0.0
    now[(STRIKE == 26_250) & ~IS_CALL] = 50.0
    assert itm(now, before) == pytest.approx((20.0, -10.0))


def test_itm_change_leaves_out_atm_and_what_lies_deeper_or_out_of_the_money() -> None:
    before = np.full(len(STRIKE), 100.0)
    now = np.where(np.isin(STRIKE, [26_000, 25_700, 26_300]), 900.0, before)
    now = np.where((STRIKE > 26_000) == IS_CALL, 900.0, now)
    assert itm(now, before) == (0.0, 0.0)


def test_itm_change_counts_legs_known_now_and_then() -> None:
    before, now = np.full(len(STRIKE), 100.0), np.full(len(STRIKE), 110.0)
    before[(STRIKE == 25_950) & IS_CALL] = np.nan
    now[(STRIKE == 25_900) & IS_CALL] = np.nan
    now[~IS_CALL] = np.nan
    ce, pe = itm(now, before)
    assert ce == pytest.approx(10.0)
    assert np.isnan(pe)


def test_itm_change_without_atm_or_from_nothing_is_unknown() -> None:
    before, now = np.zeros(len(STRIKE)), np.full(len(STRIKE), 110.0)
    assert np.isnan(itm(now, before)).all()
    assert np.isnan(itm(now, now, atm=np.nan)).all()


OPEN = datetime(2025, 12, 4, 9, 15, tzinfo=IST)


def minutes(*offsets: float) -> list[datetime]:
    return [OPEN + timedelta(minutes=m) for m in offsets]


@pytest.mark.parametrize(
    ("instants", "expected"),
    [
        (minutes(0, 1, 2, 5, 6), 1),
        (minutes(0, 2, 5, 6), 0),
        (minutes(-3.9, 2, 6), 0),
        (minutes(-4.1, 2, 6), None),
        (minutes(2, 6), None),
        ([], None),
    ],
    ids=["exact", "nearest earlier", "nearly twice as far", "too far", "only later", "none"],
)
def test_baseline_is_the_newest_snapshot_old_enough(
    instants: list[datetime], expected: int | None
) -> None:
    assert baseline_position(instants, OPEN + timedelta(minutes=6), 5) == expected


def test_baseline_is_never_of_another_day() -> None:
    midnight = datetime(2025, 12, 4, tzinfo=IST)
    before, after = midnight - timedelta(minutes=3), midnight + timedelta(minutes=3)
    assert baseline_position([before], after, 5) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=40, unique=True), st.integers(1, 30))
def test_baselines_of_many_instants_are_those_of_each(offsets: list[int], span: int) -> None:
    instants = minutes(*sorted(offsets))
    array = np.array([i.replace(tzinfo=None) for i in instants], dtype="datetime64[us]")
    each = [baseline_position(instants, at, span) for at in instants]
    assert baseline_positions(array, span).tolist() == [-1 if e is None else e for e in each]
