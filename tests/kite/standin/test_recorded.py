"""A recorded day stands in for the market: the same figures, at the clock of today."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.feeds.kite import KiteFeed
from app.feeds.replay import ReplayFeed
from app.kite.catalogue import Catalogue
from app.kite.client import BrokerClient
from app.kite.standin import StandIn
from app.kite.standin.recorded import RecordedMarket
from app.kite.subscriptions import Subscriptions
from app.kite.ticker import Credentials
from db.errors import InvalidInputError
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.ticks import ChainSnapshot
from tests.kite.standin.rest import client
from tests.support.paths import ROOT

BEGIN = datetime(2026, 8, 19, 11, 0, tzinfo=IST)
HEAD = "timestamp,exchange,token,symbol,expiry,strike,option_type,ltp,oi,volume,underlying_price"
CALL, PUT = 10_242, 10_498
CSV = f"""{HEAD},future_price,future_oi,best_bid,best_ask,bid_quantity,ask_quantity
2025-12-04T12:35:00+05:30,NSE,{CALL},NIFTY25D0926000CE,2025-12-09,26000,CE,100.5,6500,130,26010.5,26100,1300,100.4,100.6,65,130
2025-12-04T12:35:00+05:30,NSE,{PUT},NIFTY25D0926000PE,2025-12-09,26000,PE,,7500,75,26010.5,26100,1300,,,,
2025-12-04T12:36:00+05:30,NSE,{CALL},NIFTY25D0926000CE,2025-12-09,26000,CE,103,6565,195,26020,26110,1365,102.9,103.1,65,130
2025-12-04T12:36:00+05:30,NSE,{PUT},NIFTY25D0926000PE,2025-12-09,26000,PE,x,1,1,26020,26110,1365,,,,
2025-12-04T12:38:00+05:30,NSE,{CALL},NIFTY25D0926000CE,2025-12-09,26000,CE,99,6500,260,26000,26090,1300,98.9,99.1,65,130
2025-12-04T12:38:00+05:30,NSE,{PUT},NIFTY25D0926000PE,2025-12-09,26000,PE,88,7575,150,26000,26090,1300,,,,
"""


class Clock:
    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "day.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.fixture
def chains(recording: Path) -> list[ChainSnapshot]:
    return list(ReplayFeed.of_file(recording, begin_at=BEGIN).batches())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorded(chains: list[ChainSnapshot], clock: Clock) -> Iterator[StandIn]:
    with StandIn(now=clock, recording=chains, interval_s=0.02, limited=False) as found:
        yield found


@pytest.fixture
def kite(recorded: StandIn) -> Iterator[Any]:
    found = client(recorded, recorded.sessions.sign_in())
    yield found
    found.reqsession.close()


def test_each_contract_shows_what_was_recorded_last_of_it(
    chains: list[ChainSnapshot], clock: Clock
) -> None:
    market = RecordedMarket(chains, clock)

    def shown(token: int) -> tuple[int, int, int]:
        state = market.state()
        row = state.rows[state.listings.place[token]]
        return int(row["ltp"]), int(row["oi"]), int(row["volume"])

    assert (shown(CALL), shown(PUT)) == ((10_050, 6500, 130), (0, 7500, 75))
    clock.at += timedelta(seconds=59)
    assert shown(CALL) == (10_050, 6500, 130)
    clock.at += timedelta(seconds=1)
    # a row that made no sense leaves what was known
    assert (shown(CALL), shown(PUT)) == ((10_300, 6565, 195), (0, 7500, 75))
    clock.at += timedelta(hours=9)
    assert (shown(CALL), shown(PUT)) == ((9_900, 6500, 260), (8_800, 7575, 150))


def test_the_official_client_reads_dump_quotes_and_candles_of_it(kite: Any, clock: Clock) -> None:
    clock.at += timedelta(seconds=190)
    listed = {row["tradingsymbol"]: row for row in kite.instruments()}
    call = listed["NIFTY25D0926000CE"]
    assert (call["instrument_token"], call["strike"], call["name"]) == (CALL, 26_000.0, "NIFTY")
    assert call["expiry"] == date(2026, 8, 24)
    quote = kite.quote(["NFO:NIFTY25D0926000CE", "NSE:NIFTY 50"])
    assert quote["NSE:NIFTY 50"]["last_price"] == 26_000.0
    found = quote["NFO:NIFTY25D0926000CE"]
    assert (found["last_price"], found["oi"], found["volume"]) == (99.0, 6500, 260)
    assert found["depth"]["buy"][0]["price"] == 98.9
    candles = kite.historical_data(CALL, BEGIN, BEGIN + timedelta(minutes=5), "minute", oi=True)
    assert [(each["open"], each["close"], each["oi"]) for each in candles] == [
        *((100.5, 103.0, 6565), (103.0, 103.0, 6565), (103.0, 99.0, 6500)),
        (99.0, 99.0, 6500),
    ]
    assert sum(each["volume"] for each in candles) == 260


def test_the_feed_brings_the_recorded_chain_of_now(
    recorded: StandIn, clock: Clock, tmp_path: Path
) -> None:
    access_token = recorded.sessions.sign_in()
    asked = BrokerClient("standin", access_token, recorded.url)
    catalogue = Catalogue(asked.instruments, tmp_path, [EXCHANGES["NSE"]], run=lambda work: work())
    known = Credentials("standin", access_token, 1)
    subscriptions = Subscriptions(recorded.ws_url, lambda: known, lambda: False)
    feed = KiteFeed(
        subscriptions, catalogue, source="simulated", keys=("NSE",), interval_s=0.05, now=clock
    )
    batches = feed.batches()
    chain = next(each for each in batches if (each.options.volume >= 0).all())
    feed.close()
    assert (chain.exchange, chain.timestamp) == ("NSE", BEGIN)
    assert chain.underlying_price == 26_010.5
    assert chain.future_price == 26_100.0
    np.testing.assert_array_equal(chain.options.oi, [6500, 7500])
    np.testing.assert_array_equal(chain.options.ltp, [100.5, np.nan])


def test_a_recording_without_a_chain_is_refused(clock: Clock) -> None:
    with pytest.raises(InvalidInputError, match="holds no chain"):
        RecordedMarket([], clock)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "Cannot read"), ("a,b\n1,2\n", "has no column"), (HEAD + "\n", "holds no chain")],
)
def test_the_program_refuses_a_recording_of_no_use_in_a_sentence(
    tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "day.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "app.kite.standin", "--port", "0", "--recording", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
