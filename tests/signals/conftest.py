"""A model that found something, trained once."""

import pytest

from app.signals.train import Plan, Result, train
from tests.signals.market import SMALL, frame


@pytest.fixture(scope="session")
def found() -> Result:
    """What training on a planted effect finds."""
    return train(frame(20, effect=1, seed=0), Plan(parameters=SMALL, folds=2))
