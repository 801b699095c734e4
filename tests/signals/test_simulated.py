"""In the simulated market nothing is to be found, unless an effect was planted."""

from datetime import date

import numpy as np
import pytest

from app.feeds.simulate.chain import chain_block
from app.feeds.simulate.contracts import expiry_at
from app.signals.train import MODEL, Plan, train
from benchmarks.dataset.spec import sessions_until
from benchmarks.signals.asked import history
from db.market.exchanges import EXCHANGES
from tests.signals.market import SMALL

LAST = date(2026, 11, 20)
DAYS = sessions_until(LAST, 16)
PLAN = Plan(parameters=SMALL, folds=2)


def test_a_planted_effect_is_found_in_simulated_days() -> None:
    found = train(history("NSE", DAYS, effect=1.0), PLAN)
    assert found.has_found, found.verdict
    assert found.scores[MODEL].log_loss < found.scores["majority"].log_loss
    strongest = sorted(found.model.gain, key=lambda name: -found.model.gain[name])[:4]
    assert set(strongest) & {"itm_ce_change", "itm_pe_change", "itm_ce_breadth", "itm_pe_breadth"}


def test_in_simulated_days_as_they_are_there_is_nothing_to_find() -> None:
    found = train(history("NSE", DAYS), PLAN)
    assert not found.has_found, found.verdict


@pytest.mark.parametrize("effect", [1.0, 3.0])
def test_an_effect_moves_open_interest_alone_and_calls_against_puts(effect: float) -> None:
    seconds = np.arange(10 * 3600, 15 * 3600, 180)
    expiry = expiry_at(EXCHANGES["NSE"], LAST, int(seconds[0]))
    plain, planted = (
        chain_block(1, "NSE", expiry, LAST, seconds, 21, each) for each in (0.0, effect)
    )
    np.testing.assert_array_equal(plain.underlying, planted.underlying)
    np.testing.assert_array_equal(plain.ltp, planted.ltp)
    np.testing.assert_array_equal(plain.volume, planted.volume)
    index, is_call = plain.underlying, plain.contracts.is_call
    later = np.append(index[5:], [np.nan] * 5)
    grown = np.diff(np.log(planted.oi / plain.oi), axis=0)
    leads = (grown[:, is_call].mean(axis=1) - grown[:, ~is_call].mean(axis=1))[:-5]
    assert np.corrcoef(leads, np.log(later / index)[1:-5])[0, 1] > 0.5
