"""Splits: checked against a row by row reading of what purging and an embargo mean."""

import numpy as np
import pytest

from app.signals.labels import Rules, labels
from app.signals.splits import FEWEST_DAYS, Fold, final, walk_forward
from db.errors import InvalidInputError
from tests.signals.market import frame


def known(days: int) -> tuple["np.ndarray", "np.ndarray"]:
    data = frame(days, effect=0, seed=5, step_s=300)
    found = labels(data, Rules())
    return data.instants[found.is_known], found.end[found.is_known]


def leaks(fold: Fold, instants: "np.ndarray", ends: "np.ndarray", embargo_days: int) -> list[str]:
    """Rows whose label ends in a later block, or in the trading days that bar it."""
    all_days = sorted(set(instants.astype("datetime64[D]").tolist()))
    blocks = [fold.fit, fold.stop, fold.calibrate, fold.test]
    found = []
    for place, earlier in enumerate(blocks):
        for later in blocks[place + 1 :]:
            if not len(later):
                continue
            first = min(instants[i].item().date() for i in later)
            barred = all_days[max(all_days.index(first) - embargo_days, 0)]
            found += [f"{place}: {ends[i]}" for i in earlier if ends[i].item().date() >= barred]
    return found


@pytest.mark.parametrize("embargo_days", [0, 1, 2])
def test_no_row_that_is_learnt_from_knows_of_a_later_block(embargo_days: int) -> None:
    instants, ends = known(30)
    folds = walk_forward(instants, ends, 4, embargo_days)
    assert len(folds) == 4
    for fold in [*folds, final(instants, ends, embargo_days)]:
        assert leaks(fold, instants, ends, embargo_days) == []
        assert min(map(len, (fold.fit, fold.stop, fold.calibrate))) > 0


def test_a_label_that_ends_in_a_later_block_is_purged() -> None:
    instants, ends = known(30)
    late = ends + np.timedelta64(30, "h")
    for fold in walk_forward(instants, late, 3, 0):
        assert leaks(fold, instants, late, 0) == []


def test_each_day_of_the_last_part_is_tested_once() -> None:
    instants, ends = known(30)
    tested = np.concatenate([fold.test for fold in walk_forward(instants, ends, 4, 1)])
    assert len(tested) == len(set(tested.tolist()))
    days = instants.astype("datetime64[D]")
    assert set(days[tested].tolist()) == set(np.unique(days)[18:].tolist())


def test_too_few_days_are_refused() -> None:
    instants, ends = known(FEWEST_DAYS - 1)
    with pytest.raises(InvalidInputError, match="at least 12"):
        walk_forward(instants, ends, 4, 1)
