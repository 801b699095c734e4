"""An alert made on the page, watched where chains are written, noticed on the page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL, Engine

from app.desk.alerts.looking import Looking
from db.engine import engine_for
from tests.web.conftest import Store
from tests.web.serving import WebServer
from tests.web.test_dashboard import page, wait_for_data

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["page"]

pytestmark = pytest.mark.browser


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    found = engine_for(database)
    yield found
    found.dispose()


def test_a_price_that_crosses_is_told_on_the_page_and_stays_in_the_log(
    page: "Page", web: WebServer, store: Store, engine: Engine
) -> None:
    first = store(index=26_010.0)
    looking = Looking(engine, "a collector")

    def looked() -> int:
        return len(looking.look(["NSE"], first.timestamp, at_feeds=True)[1])

    page.goto(web.url)
    wait_for_data(page)
    page.click("#tab-alerts")
    page.select_option('select[name="kind"]', "price")
    page.fill('input[name="level"]', "26050")
    page.click("text=Add alert")
    page.wait_for_selector('.rules label:has-text("NIFTY index rises to 26,050.00")')
    assert looked() == 0
    store(minute=1, index=26_060.0)
    assert looked() == 1
    sentence = "NIFTY index is 26,060.00, at or above 26,050.00."
    page.wait_for_selector(f'.toast a:text-is("{sentence}")')
    entry = page.locator(".log li").first
    assert entry.inner_text().endswith(sentence)
    link = entry.locator("a").get_attribute("href")
    assert link == "/?exchange=NSE&at=2026-08-03T09%3A16%3A00%2B05%3A30"
    # another page finds it in the log
    page.reload()
    page.click("#tab-alerts")
    page.wait_for_selector(f'.log li:has-text("{sentence}")')


def test_a_panel_makes_room_for_another(page: "Page", web: WebServer, store: Store) -> None:
    store()
    page.goto(web.url)
    wait_for_data(page)
    # the page's end fails the test when a panel logs an error as it is left
    for panel, part in (("paper", ".hint"), ("alerts", ".log li"), ("charts", "figure")):
        page.click(f"#tab-{panel}")
        page.wait_for_selector(f"#panel-{panel} {part}")
        assert page.locator("[role=tabpanel]:visible").count() == 1
