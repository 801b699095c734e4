"""The panel of signals: what is said and why, what was said before, and that nothing is known."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from tests.web.conftest import Store
from tests.web.serving import WebServer
from tests.web.test_dashboard import page, wait_for_data
from tests.web.test_signals import WHY, predicted

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["page"]

pytestmark = pytest.mark.browser


def test_a_signal_comes_with_its_reasons_and_leaves_a_trail(
    page: "Page", web: WebServer, store: Store, database: URL
) -> None:
    first = store()
    page.goto(web.url)
    wait_for_data(page)
    page.click("#tab-signals")
    page.wait_for_selector('.signals p:text-is("No model is trained yet, so there is no view.")')
    page.wait_for_selector('.trail li:text-is("Nothing on this day.")')
    assert page.locator('[data-fact="signal"]').inner_text() == "–, no model"
    predicted(database, first, "SELL")
    # the next state of the chain brings it
    predicted(database, store(minute=1))
    store(minute=1.5)
    page.wait_for_selector('.signals .word:text-is("BUY 52 %")')
    assert page.locator(f'.signals p:text-is("{WHY}")').count() == 1
    assert page.locator('[data-fact="signal"]').inner_text() == "BUY 52 %"
    page.wait_for_selector(".trail li:nth-child(2)")
    said = page.locator(".trail li").all_inner_texts()
    assert ["BUY" in said[0], "SELL" in said[1], "not known yet" in said[0]] == [True] * 3
    # a past moment shows the one of then, and nothing that came later
    page.goto(f"{web.url}/?exchange=NSE&at=2026-08-03T09:15:00")
    page.wait_for_selector('.signals .word:text-is("SELL 52 %")')
    page.wait_for_selector(".trail li:only-child")
