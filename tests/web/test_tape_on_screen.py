"""The recorded tape in the browser: what is on the screen is what pandas finds in the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from app.collector import Collector
from app.feeds.replay import ReplayFeed
from db.engine import engine_for
from db.market.exchanges import EXCHANGES
from tests.support.databases import DatabaseServer
from tests.web.serving import WebServer, web_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.tape]

LAST = pd.Timestamp("2025-12-04T13:14:00+05:30")
PATIENCE_MS = 60_000
_ROWS = """
[...document.querySelectorAll("#rows tr")].map((line) => [
  Number(line.dataset.strike),
  ...["td.ce.oi", "td.ce.p5", "td.pe.p5", "td.pe.oi"]
    .map((name) => line.querySelector(name).textContent),
])
"""


@pytest.fixture(scope="module")
def replayed(
    server: DatabaseServer,
    tape: Path,
    kept_sign_in: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[WebServer]:
    """A web server on a database that holds the whole tape."""
    home = tmp_path_factory.mktemp("home")
    (home / "signin").write_bytes(kept_sign_in)
    with server.database("migrated") as url:
        engine = engine_for(url)
        Collector(engine, ReplayFeed.of_file(tape)).run()
        engine.dispose()
        with web_server(home, url) as running:
            yield running


@pytest.fixture
def page(chromium: "Browser", replayed: WebServer) -> "Iterator[Page]":
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    name, _, value = replayed.sign_in().partition("=")
    context.add_cookies([{"name": name, "value": value, "url": replayed.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_screen_shows_the_last_minute_of_the_tape(
    page: "Page", replayed: WebServer, tape: Path, exchange: str
) -> None:
    chain = pd.read_csv(tape, parse_dates=["timestamp"]).query("exchange == @exchange")
    last = chain[chain.timestamp == LAST]
    page.goto(f"{replayed.url}/?exchange={exchange}")
    page.wait_for_selector("tr.atm")
    shown = {strike: figures for strike, *figures in page.evaluate(_ROWS)}
    assert sorted(shown) == sorted(last.strike.unique())
    oi = contracts(last)
    before = contracts(chain[chain.timestamp == LAST - pd.Timedelta(minutes=5)])
    for strike, (ce_oi, ce_change, pe_change, pe_oi) in shown.items():
        for side, text, change in (("CE", ce_oi, ce_change), ("PE", pe_oi, pe_change)):
            assert figure(text) == oi.get((strike, side))
            assert figure(change) == percent(oi.get((strike, side)), before.get((strike, side)))
    assert fact(page, "pcr") == pytest.approx(pcr(last), abs=0.005)
    assert fact(page, "max_pain") == max_pain(last)
    assert fact(page, "underlying_price") == last.underlying_price.iloc[0]
    clock = page.locator('[data-fact="market_time"]').inner_text()
    assert clock == "13:14:00"


def contracts(chain: pd.DataFrame) -> dict[tuple[float, str], int]:
    """OI by strike and side."""
    return {(float(r.strike), r.option_type): int(r.oi) for r in chain.itertuples()}


def figure(text: str) -> float | None:
    """A figure as the screen writes it."""
    return None if text == "–" else float(text.replace(",", "").replace("−", "-"))


def fact(page: "Page", name: str) -> Any:
    return figure(page.locator(f'[data-fact="{name}"]').inner_text())


def percent(now: int | None, then: int | None) -> Any:
    """The change as the screen rounds it to a digit, of three that are sent."""
    if now is None or not then:
        return None
    return pytest.approx((now - then) / then * 100, abs=0.0506)


def pcr(chain: pd.DataFrame) -> float:
    total = chain.groupby("option_type").oi.sum()
    return float(total["PE"] / total["CE"])


def max_pain(chain: pd.DataFrame) -> float:
    """The strike at which all contracts together pay least; the lower of two."""
    calls, puts = (chain[chain.option_type == side] for side in ("CE", "PE"))
    payout = {
        strike: ((strike - calls.strike).clip(lower=0) * calls.oi).sum()
        + ((puts.strike - strike).clip(lower=0) * puts.oi).sum()
        for strike in chain.strike.unique()
    }
    return float(min(payout, key=lambda strike: (payout[strike], strike)))
