"""The dashboard in a real Chromium, served by the real web server."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from db.engine import engine_for
from db.ingest import write_snapshot
from tests.support.databases import DatabaseServer
from tests.web import PASSWORD, USERNAME
from tests.web.conftest import OPENING, Store, a_snapshot
from tests.web.page.stage import answered
from tests.web.serving import WebServer
from tests.web.test_unavailable import away, back

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000


@pytest.fixture
def page(chromium: "Browser", web: WebServer) -> "Iterator[Page]":
    """A signed-in page that has not been to the dashboard yet; it must not log an error."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if _is_fault(message) else None)
    name, _, value = web.sign_in().partition("=")
    context.add_cookies([{"name": name, "value": value, "url": web.url}])
    yield page
    context.close()
    assert faults == []


def _is_fault(message: object) -> bool:
    # a lost link and a 503 are logged by the browser itself; the page shows them as states
    text = message.text  # type: ignore[attr-defined]
    own = "WebSocket connection" in text or "Failed to load resource" in text
    return message.type == "error" and not own  # type: ignore[attr-defined]


def _keep_script(scripts: list[str], url: str) -> None:
    if url.endswith(".js"):
        scripts.append(url)


def cell(page: "Page", strike: float, side: str, column: str) -> str:
    row = page.locator(f'#rows tr[data-strike="{strike:g}"]')
    return row.locator(f"td.{side}.{column}").inner_text()


def wait_for_health(page: "Page", state: str) -> None:
    page.wait_for_selector(f'body[data-health="{state}"]')


def wait_for_data(page: "Page") -> None:
    """Wait until the page shows a chain as present, however busy this machine is."""
    page.wait_for_selector('body:is([data-health="live"], [data-health="slow"])')


def wait_for_index(page: "Page", shown: str) -> None:
    page.wait_for_selector(f'[data-fact="underlying_price"]:text-is("{shown}")')


def test_signing_in_shows_the_chain(chromium: "Browser", web: WebServer, store: Store) -> None:
    store(index=26_010.0)
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    scripts: list[str] = []
    page.on("requestfinished", lambda asked: _keep_script(scripts, asked.url))
    page.goto(web.url)
    assert page.url == f"{web.url}/login"
    # what the dashboard is made of comes while its user types, and not before
    assert scripts == []
    with page.expect_event("requestfinished", lambda asked: "/assets/main-" in asked.url):
        page.fill("[name=username]", USERNAME)
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_selector("tr.atm")
    assert page.locator("tr.atm th.strike").inner_text() == "26,000"
    assert page.locator('[data-fact="underlying_price"]').inner_text() == "26,010.00"
    assert page.locator('[data-fact="pcr"]').inner_text() == "2.00"
    assert cell(page, 25_900, "ce", "oi") == "6,500"
    assert cell(page, 25_900, "pe", "oi") == "13,000"
    page.close()


def test_a_commit_changes_the_cell_without_a_reload(
    page: "Page", web: WebServer, store: Store
) -> None:
    store()
    page.goto(web.url)
    wait_for_data(page)
    page.evaluate("window.sameDocument = true")
    store(minute=5, oi=lambda strike, side: 7800 if strike == 26_000 else 6500, index=26_060.0)
    wait_for_index(page, "26,060.00")
    assert cell(page, 26_000, "ce", "oi") == "7,800"
    assert page.evaluate("window.sameDocument") is True


def test_unknown_is_a_dash_with_its_reason(page: "Page", web: WebServer, store: Store) -> None:
    store()
    page.goto(web.url)
    page.wait_for_selector("tr.atm")
    unknown = page.locator("tr.atm td.ce.p5")
    assert unknown.inner_text() == "–"
    unknown.hover()
    assert "no snapshot 5 minutes earlier" in page.locator("#explanation").inner_text()


def test_the_keyboard_changes_tabs_theme_and_shows_its_help(
    page: "Page", web: WebServer, store: Store
) -> None:
    for exchange, step in (("NSE", 50.0), ("BSE", 100.0)):
        store(exchange, step=step)
    page.goto(web.url)
    page.wait_for_selector("tr.atm")
    page.keyboard.press("2")
    page.wait_for_selector('#rows tr[data-strike="26400"]', state="attached")
    assert page.url.endswith("/?exchange=BSE")
    assert page.locator('[aria-current="page"]').inner_text() == "SENSEX"
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    answered(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.go_back()
    page.wait_for_selector('#rows tr[data-strike="26150"]', state="attached")


def test_fewer_strikes_can_be_shown(page: "Page", web: WebServer, store: Store) -> None:
    store(strikes=30)
    page.goto(web.url)
    page.wait_for_selector("tr.atm")
    page.select_option("#range", "5")
    answered(page)
    assert page.locator("#rows tr").count() == 11
    page.reload()
    page.wait_for_selector("tr.atm")
    assert page.locator("#rows tr").count() == 11


def test_without_websockets_the_page_polls(page: "Page", web: WebServer, store: Store) -> None:
    store()
    page.route_web_socket("**/live", lambda socket: socket.close())
    page.goto(web.url)
    page.wait_for_selector('#health:has-text("polled")')
    store(minute=1, index=26_040.0)
    wait_for_index(page, "26,040.00")


def test_a_lost_server_shows_and_its_return_is_noticed(
    page: "Page", web: WebServer, store: Store
) -> None:
    store()
    page.goto(web.url)
    wait_for_data(page)
    web.stop()
    wait_for_health(page, "reconnecting")
    web.start()
    store(minute=1)
    wait_for_data(page)


def test_a_lost_database_shows_its_sentence_and_its_return_is_noticed(
    page: "Page", web: WebServer, store: Store, server: DatabaseServer, database: URL
) -> None:
    store()
    page.goto(web.url)
    wait_for_data(page)
    away(server, database)
    wait_for_health(page, "down")
    assert page.locator("#sentence").inner_text().startswith("The database does not answer")
    page.reload()
    wait_for_health(page, "down")
    back(server, database)
    page.wait_for_selector("tr.atm")


def test_before_the_first_snapshot_the_page_says_what_it_waits_for(
    page: "Page", web: WebServer, store: Store
) -> None:
    page.goto(web.url)
    wait_for_health(page, "waiting")
    assert "No snapshot has arrived yet" in page.locator("#empty").inner_text()
    store()
    page.wait_for_selector("tr.atm")
    assert page.locator("#empty").is_hidden()


def test_a_simulated_market_says_so_through_all_layers(
    page: "Page", web: WebServer, database: URL
) -> None:
    engine = engine_for(database)
    with engine.begin() as connection:
        write_snapshot(connection, replace(a_snapshot("NSE", OPENING), source="simulated"))
    engine.dispose()
    page.goto(web.url)
    page.wait_for_selector('body[data-market="simulated"]')
    assert page.locator("#market").inner_text() == "simulated"
    assert "simulated" in page.title()
