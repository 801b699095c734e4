"""The past in a browser, through the real server, against the database's own rows."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from tests.support.databases import connection
from tests.web import PASSWORD, USERNAME
from tests.web.conftest import Store
from tests.web.serving import WebServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_STORED = """
    SELECT strike, option_type, oi
    FROM option_chain_snapshots
    WHERE exchange = 'NSE' AND timestamp = %s
"""
_SHOWN = """
    () => [...document.querySelectorAll("#rows tr")].flatMap((line) => ["CE", "PE"].map((side) => [
      Number(line.dataset.strike), side,
      Number(line.querySelector(`td.oi[data-side="${side}"]`).textContent.replace(/\\D/g, "")),
    ]))
"""


def test_each_step_shows_the_rows_that_were_stored(
    chromium: "Browser", web: WebServer, store: Store, database: URL
) -> None:
    for minute in range(4):
        store(minute=minute, oi=lambda strike, side, n=minute: int(strike) + 65 * n + len(side))
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{web.url}/?exchange=NSE&at=2026-08-03T09:17:30")
    page.fill("[name=username]", USERNAME)
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    for clock in ("09:17:00", "09:16:00", "09:15:00"):
        page.wait_for_selector(f'[data-market="past"] [data-fact="market_time"]:text-is("{clock}")')
        with connection(database) as session:
            rows = session.execute(_STORED, [f"2026-08-03 {clock}"]).fetchall()
        shown = {(strike, side): oi for strike, side, oi in page.evaluate(_SHOWN)}
        assert shown == {(strike, side): oi for strike, side, oi in rows}
        page.keyboard.press(",")
    page.wait_for_selector('#asof-says:text-is("This is the first stored moment.")')
    page.close()
    assert faults == []
