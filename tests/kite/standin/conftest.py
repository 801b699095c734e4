"""A stand-in on a Wednesday morning, and the broker's published samples."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.kite.standin import StandIn
from app.kite.standin.clock import MarketClock
from db.market.clock import IST
from tests.kite.standin.rest import client
from tests.kite.standin.sockets import Frames
from tests.support.paths import ROOT

WEDNESDAY = datetime(2026, 8, 19, 10, 15, tzinfo=IST)
SEED = 7
NIFTY, BANK, SENSEX, VIX = 256265, 260105, 265, 264969


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """One whose market ticks ten times a second and asks for no patience."""
    now = MarketClock(WEDNESDAY, speed=10.0)
    with StandIn(now=now, seed=SEED, interval_s=0.1, limited=False) as found:
        yield found


@pytest.fixture
def still() -> Iterator[StandIn]:
    """One whose clock stands."""
    with StandIn(now=lambda: WEDNESDAY, seed=SEED, interval_s=0.05, limited=False) as found:
        yield found


@pytest.fixture
def kite(still: StandIn) -> Iterator[Any]:
    """The official client, logged in to a market that stands."""
    found = client(still, still.sessions.sign_in())
    yield found
    found.reqsession.close()


@pytest.fixture
def token(standin: StandIn) -> str:
    """An access token."""
    return standin.sessions.sign_in()


@pytest.fixture
def frames(standin: StandIn, token: str) -> Iterator[Frames]:
    """A WebSocket that is open."""
    with Frames.of(standin, token) as found:
        yield found


@pytest.fixture(scope="session")
def samples() -> Path:
    """Sample answers and packets as the broker publishes them, beside the recorded tape."""
    tape = os.environ.get("OI_TAPE_FILE")
    folder = (Path(tape).parent if tape else ROOT.parent / "shared" / "data") / "kite"
    if not folder.is_dir():
        pytest.skip(f"no samples at {folder}; they stand beside the file of OI_TAPE_FILE")
    return folder
