"""From the button on the page through the broker's login to a live chain, as a trader goes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from app.kite.standin import StandIn
from app.kite.standin.hours import Hours
from app.kite.standin.sessions import Account
from benchmarks.server.ports import free_port
from tests.support.paths import ROOT
from tests.web.serving import WebServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000


@contextmanager
def collecting(environment: dict[str, str]) -> Iterator[None]:
    arguments = [*("-m", "app", "collect", "--feed", "kite"), *("--source", "simulated")]
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()


def test_a_click_and_a_login_make_the_page_live(
    chromium: "Browser", home: Path, database: URL
) -> None:
    port = free_port()
    redirect = f"http://127.0.0.1:{port}/broker/callback"
    hours = Hours(always=True)
    with StandIn(hours=hours, account=Account(redirect_url=redirect)) as broker:
        known = {
            "OI_DATABASE_URL": database.render_as_string(hide_password=False),
            "OI_HOME": str(home),
            "OI_KITE_API_KEY": "standin",
            "OI_KITE_API_SECRET": "standin-secret",
            "OI_KITE_ROOT": broker.url,
            "OI_KITE_TICKER_ROOT": broker.ws_url,
            "OI_KITE_LOGIN_URL": f"{broker.url}/connect/login",
        }
        server = WebServer(home, database, port, more=known)
        server.start()
        try:
            with collecting(known):
                _walk(chromium, server)
        finally:
            server.stop()


def _walk(chromium: "Browser", server: WebServer) -> None:
    context = chromium.new_context()
    name, _, value = server.sign_in().partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.url, "sameSite": "Lax"}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        page.goto(server.url)
        page.wait_for_selector('body[data-health="broker"]')
        page.click("#broker")
        page.wait_for_url("**/broker")
        assert "Nobody is logged in at the broker" in page.inner_text("main")
        page.click("text=Log in at the broker")
        page.wait_for_url(f"{server.url}/")
        page.wait_for_selector('body[data-health="live"][data-market="simulated"]')
        assert page.locator("tr.atm").count() == 1
        page.goto(f"{server.url}/broker")
        assert "SI0001 logged in at" in page.inner_text("main")
    finally:
        context.close()
