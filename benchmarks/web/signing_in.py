"""From the click on "Sign in" to a dashboard that can be used."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.web.serving import USERNAME, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

PATIENCE_MS = 60_000
SCREEN: "ViewportSize" = {"width": 1440, "height": 900}
_CLICKED = """
addEventListener("click", (event) => sessionStorage.setItem(
  "clicked", String(performance.timeOrigin + event.timeStamp)), { capture: true });
"""
# the page marks it when the first chain stands in the table and the keys act
_MARKED = 'performance.getEntriesByName("usable").length > 0'
_TOOK_MS = """
performance.timeOrigin + performance.getEntriesByName("usable")[0].startTime
  - Number(sessionStorage.getItem("clicked"))
"""


@contextlib.contextmanager
def signed_in(browser: "Browser", site: Site, *, calm: bool = False) -> "Iterator[BrowserContext]":
    """A context with a session, closed afterwards; a calm one wants no motion."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce" if calm else None)
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        _enter(page, site)
        page.close()
        yield context
    finally:
        context.close()


def arrived(browser: "Browser", site: Site) -> dict[str, float]:
    """ms from the click to the usable dashboard: with an empty cache, and after a first visit."""
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        page.add_init_script(_CLICKED)
        cold_ms = _enter(page, site)
        page.click("form[action$=logout] button")
        return {"cold_ms": cold_ms, "warm_ms": _enter(page, site)}
    finally:
        context.close()


def _enter(page: "Page", site: Site) -> float:
    page.goto(f"{site.url}/login")
    page.fill("[name=username]", USERNAME)
    page.fill("[name=password]", site.password)
    page.click("form button")
    page.wait_for_url(f"{site.url}/")
    page.wait_for_function(_MARKED)
    return float(page.evaluate(_TOOK_MS))
