"""Summaries of samples."""

import random

import pytest

from benchmarks.timing.statistics import growth_exponent, percentile, ratio_interval, summarize


def test_the_median_of_rounds_ignores_one_busy_round():
    summary = summarize([[1.0, 1.1], [1.0, 1.2], [50.0, 60.0]])
    assert summary.p50_ms == pytest.approx(1.1)


def test_a_busy_round_is_part_of_the_tail():
    summary = summarize([[1.0, 1.1], [1.0, 1.2], [50.0, 60.0]])
    assert summary.p99_ms > 50
    assert summary.max_ms == 60.0
    assert summary.count == 6


def test_summarizing_nothing_is_refused():
    with pytest.raises(ValueError, match="no samples"):
        summarize([[], []])


@pytest.mark.parametrize(("share", "value"), [(0.0, 10.0), (0.5, 25.0), (0.95, 38.5), (1.0, 40.0)])
def test_percentiles_interpolate_between_neighbours(share, value):
    assert percentile([10.0, 20.0, 30.0, 40.0], share) == pytest.approx(value)


def test_the_interval_of_a_ratio_holds_the_true_ratio():
    noise = random.Random(7)  # noqa: S311 - a sample, not a secret
    slow = [[10 * noise.uniform(0.9, 1.1) for _ in range(20)] for _ in range(9)]
    fast = [[2 * noise.uniform(0.9, 1.1) for _ in range(20)] for _ in range(9)]
    low, high = ratio_interval(slow, fast, seed=1)
    assert low <= 5.0 <= high
    assert high - low < 1.0


def test_drift_that_hits_both_contenders_cancels_in_the_ratio():
    drift = [1.0, 1.5, 0.7, 2.0, 1.2]
    slow, fast = ([[factor * d] for d in drift] for factor in (4, 2))
    assert ratio_interval(slow, fast, seed=1) == (2.0, 2.0)


def test_rounds_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="same rounds"):
        ratio_interval([[1.0]], [[1.0], [2.0]], seed=1)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_growth_is_the_exponent_of_a_power_law(exponent):
    sizes = [1e6, 1e7, 1e8]
    assert growth_exponent(sizes, [3 * s**exponent for s in sizes]) == pytest.approx(exponent)
