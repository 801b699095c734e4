"""The demo's own broker: logged in to by itself, and again when it has forgotten everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo.broker import StandInBroker
from app.kite.account import account_of
from app.kite.client import BrokerClient
from app.kite.standin import StandIn
from app.web.auth.session_key import session_key
from db.settings import Settings, settings_from


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        self.s += 10
        return self.s


@pytest.fixture
def broker(tmp_path: Path) -> StandInBroker:
    return StandInBroker(Settings(home=tmp_path), Clock())


@pytest.fixture
def standin(broker: StandInBroker) -> Iterator[StandIn]:
    """A stand-in where the demo's is to be, not started."""
    found = StandIn(port=broker.port, limited=False)
    yield found
    found.stop()


def test_it_is_logged_in_to_once_it_answers_and_again_when_it_knows_nobody(
    broker: StandInBroker, standin: StandIn, tmp_path: Path
) -> None:
    chosen = settings_from({**broker.environment, "OI_HOME": str(tmp_path)})
    collector = account_of(chosen, session_key)
    broker.tend()
    assert collector.credentials() is None
    standin.start()
    broker.tend()
    first = collector.credentials()
    assert first is not None
    broker.tend()
    assert collector.credentials() == first
    standin.sessions.expire()
    broker.tend()
    assert collector.credentials() not in (None, first)
    assert collector.ask(BrokerClient.profile)["user_id"] == "SI0001"


def test_a_session_at_the_real_broker_is_not_touched(
    broker: StandInBroker, standin: StandIn, tmp_path: Path
) -> None:
    real = settings_from(
        {"OI_HOME": str(tmp_path), "OI_KITE_API_KEY": "real", "OI_KITE_API_SECRET": "x"}
    )
    standin.start()
    broker.tend()
    assert account_of(real, session_key).session() is None
