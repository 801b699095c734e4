"""A paper trade from a click on a price to its profit, in a real Chromium on the real server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from app.analytics.black_scholes import YEAR_S, greeks
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.calendar import expiry_instant
from tests.support.chains import EXPIRY, at, snapshot
from tests.support.waiting import eventually
from tests.web.page.test_access import VIOLATIONS
from tests.web.serving import WebServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
ROW = '#rows tr[data-strike="26000"]'
Quoted = Callable[..., None]


@pytest.fixture
def quoted(database: URL) -> Iterator[Quoted]:
    """Stores a replayed chain with the given quotes."""
    engine = engine_for(database)

    def store(minutes: float, bid: float, ask: float) -> None:
        chain = snapshot(at(minutes), best_bid=bid, best_ask=ask, ltp=(bid + ask) / 2)
        with engine.begin() as connection:
            write_snapshot(connection, replace(chain, source="replayed"))

    yield store
    engine.dispose()


@pytest.fixture
def page(chromium: "Browser", web: WebServer) -> "Iterator[Page]":
    """A signed-in page; it must not log an error."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    name, _, value = web.sign_in().partition("=")
    context.add_cookies([{"name": name, "value": value, "url": web.url}])
    yield page
    context.close()
    # a refusal is logged by the browser itself
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


def told(page: "Page", words: str) -> None:
    page.wait_for_selector(f'.paper .said:has-text("{words}")')


def wait_for_ltp(page: "Page", shown: str) -> None:
    page.wait_for_selector(f'{ROW} td.ce.ltp:text-is("{shown}")')


def by_black(minutes: float) -> list[str]:
    """Greeks of a lot of each side, by the forward and volatility of the chain, as shown."""
    years = (expiry_instant(EXPIRY) - at(minutes)).total_seconds() / YEAR_S
    of = greeks([True, False], 26_040.25, 26_000.0, years, 0.125, rate=0.0)
    sums = [65 * float(each.sum()) for each in (of.delta, of.gamma, of.theta, of.vega)]
    signed = [f"{value:+,.2f}".replace("-", "−") for value in sums]
    return ["Δ", signed[0], "Γ", f"{sums[1]:.2f}", "Θ", signed[2], "V", signed[3]]


def test_a_straddle_is_bought_by_clicks_and_closed_with_its_profit(
    page: "Page", web: WebServer, quoted: Quoted, tmp_path: Path
) -> None:
    quoted(60, 99.0, 101.0)
    page.goto(web.url)
    wait_for_ltp(page, "100.00")
    page.locator(f"{ROW} td.ce.ltp").click()
    told(page, "Ticket: buy 1 × 26,000 CE")
    for key in ("ArrowRight", "ArrowRight", "b"):
        page.keyboard.press(key)
    told(page, "Ticket: buy 1 × 26,000 PE")
    assert page.locator(".paper .sum").inner_text() == "Premium to pay 13,130.00 INR"
    page.wait_for_selector('.paper .facts:has-text("Most gain unlimited, most loss −13,130.00")')
    facts = page.locator(".paper .facts").inner_text()
    assert "break-even 25,798.00 and 26,202.00" in facts
    assert "charges of the order, an estimate: 53.11" in facts

    quoted(61, 99.0, 101.0)
    page.locator('.paper button:text-is("Place order")').dblclick()
    told(page, "Filled: N26000CE bought at ask 101.00 of 10:16:00 (replayed)")
    lines = page.locator(".positions tbody tr")
    page.wait_for_selector(".positions tbody tr >> nth=1")
    assert lines.count() == 2
    figures = lines.nth(0).locator("td").all_inner_texts()
    assert figures[:4] == ["+1", "101.00", "99.00", "−130.00"]
    page.wait_for_selector('.paper h2:text-is("Payoff of positions on NIFTY")')
    shown = page.locator(".positions .risk dd").inner_text().partition("·")[0]
    assert shown.split() == by_black(minutes=61)
    for theme in ("dark", "light"):
        page.evaluate(f"document.documentElement.dataset.theme = {theme!r}")
        page.evaluate(AXE)
        assert page.evaluate(VIOLATIONS) == [], theme
        page.screenshot(path=tmp_path / f"paper-{theme}.png")

    # marks follow the chain of the page, not only the account that is asked for now and then
    quoted(62, 109.0, 111.0)
    page.wait_for_selector('.positions .total:has-text("MTM +1,040.00")')
    page.locator('.paper button:text-is("Close all…")').click()
    page.locator('.paper dialog button:text-is("Keep them")').click()
    assert lines.count() == 2
    page.locator('.paper button:text-is("Close all…")').click()
    quoted(63, 109.0, 111.0)
    page.locator('.paper dialog button:text-is("Close them")').click()
    told(page, "Closed 2, realised +1,040.00 INR.")
    page.wait_for_selector('.positions .hint:text-is("Nothing is open.") >> visible=true')
    day = page.locator(".history tbody tr").inner_text().split()
    earned = ["+1,040.00", "0.00", "+1,040.00"]
    # four orders of 20, and shares of 13 130 bought and 14 170 sold
    assert day == ["Fri", "20", "Nov", "2026", "4", *earned, "127.53", "+912.47"]


def test_an_order_at_limit_rests_and_is_cancelled(
    page: "Page", web: WebServer, quoted: Quoted
) -> None:
    quoted(60, 99.0, 101.0)
    page.goto(web.url)
    wait_for_ltp(page, "100.00")
    page.locator(f"{ROW} td.ce.ltp").click()
    told(page, "Ticket: buy 1 × 26,000 CE")
    page.get_by_label("At which price").select_option("at limit")
    limit = page.get_by_label("Limit of 26,000 CE")
    # bid and ask come once the ticket asks for them
    eventually(lambda: limit.input_value() == "101.00")
    limit.fill("95")
    quoted(61, 99.0, 101.0)
    page.locator('.paper button:text-is("Place order")').click()
    told(page, "Rests until its limits are touched, at most until 15:40:00, 20 Nov 2026.")
    page.wait_for_selector(
        '.history li:has-text("+1 N26000CE at 95.00, until 15:40:00, 20 Nov 2026")'
    )
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
    page.get_by_role("button", name="Cancel +1 N26000CE at 95.00").click()
    told(page, "Cancelled.")
    page.wait_for_selector(".history li button", state="detached")


def test_a_refusal_is_said_and_the_ticket_stays(
    page: "Page", web: WebServer, quoted: Quoted
) -> None:
    quoted(60, 99.0, 101.0)
    page.goto(web.url)
    wait_for_ltp(page, "100.00")
    page.locator('[role=tab]:has-text("Paper")').click()
    page.locator(".paper .width").fill("1")
    page.locator(".paper .presets select").select_option("bull call spread")
    page.locator('.paper button:text-is("Build")').click()
    told(page, "Ticket: bull call spread, 2 legs.")
    quoted(386, 89.0, 91.0)
    wait_for_ltp(page, "90.00")
    page.locator('.paper button:text-is("Place order")').click()
    told(page, "The market is closed at 15:41 on 20 November 2026.")
    assert page.locator(".paper .legs tbody tr").count() == 2
    page.locator(".paper .presets select").select_option("iron condor")
    page.locator('.paper button:text-is("Build")').click()
    told(page, "The chain has no strikes 1 apart for that.")
