"""Setting up a second factor and signing in with it in a browser, by the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp
import pytest
from sqlalchemy import URL

from app.web.auth.passwords import hashed
from app.web.auth.signin import drop_hint
from db.engine import engine_for
from db.ingest.people import add_user
from tests.web import PASSWORD, USERNAME
from tests.web.page.test_access import AXE, VIOLATIONS
from tests.web.serving import WebServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000


@pytest.fixture
def page(chromium: "Browser", web: WebServer, home: Path, database: URL) -> "Iterator[Page]":
    """The narrowest phone's, of a server with one user, before signing in."""
    engine = engine_for(database)
    with engine.begin() as connection:
        add_user(connection, USERNAME, hashed(PASSWORD), "viewer")
    engine.dispose()
    # as the command does that adds a user
    drop_hint(home)
    context = chromium.new_context(
        base_url=web.url, viewport={"width": 360, "height": 740}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def typed(page: "Page", *texts: str) -> None:
    """Into the field that has the focus, and those that come after it."""
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def faultless(page: "Page") -> None:
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.evaluate(AXE)
        assert page.evaluate(VIOLATIONS) == []
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(fits)


def test_a_user_sets_it_up_and_signs_in_with_it_without_a_mouse(page: "Page") -> None:
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    page.goto("/login?next=/second-factor")
    faultless(page)
    typed(page, USERNAME, PASSWORD)
    page.wait_for_selector("text=Set it up")
    faultless(page)

    typed(page, PASSWORD)
    picture = page.wait_for_selector("svg")
    assert picture is not None
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 150
    faultless(page)
    secret = "".join(page.inner_text("pre").split())
    typed(page, pyotp.TOTP(secret).now())
    page.wait_for_selector("text=They are shown this once")
    assert len(page.inner_text("pre").split()) == 8
    faultless(page)

    page.context.clear_cookies()
    page.goto("/login?next=/second-factor")
    typed(page, USERNAME, PASSWORD)
    page.wait_for_selector("text=is not right")
    page.focus("[name=username]")
    # that of now is used up
    page.fill("[name=username]", "")
    code = pyotp.TOTP(secret).generate_otp(int(page.evaluate("Date.now()")) // 30_000 + 1)
    typed(page, USERNAME, PASSWORD, code)
    page.wait_for_selector("text=Remove it")
    faultless(page)
    assert refused == []
