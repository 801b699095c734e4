"""What a page leaves to the next visit, does while nobody looks, and after an update."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import NOW_MS, Stage, clock, delta, full

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AWAY = "The database does not answer."
_MINUTE_MS = 60_000


def hidden(page: "Page", value: bool) -> None:
    """Let the page be seen or not, as a browser tells it."""
    page.evaluate(
        """(value) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        value,
    )


def returned(stage: Stage, **known: Any) -> "Page":
    """Show a chain 200 ms old, leave, and come back when the server has none to give."""
    page = stage.open()
    page.goto("about:blank")
    stage.first, stage.problem = None, _AWAY
    stage.clock = clock(None, problem=_AWAY, server_ms=NOW_MS + 12 * _MINUTE_MS)
    for name, value in known.items():
        setattr(stage, name, value)
    return stage.open()


def test_the_chain_of_the_last_visit_stands_in_with_its_age(staged: Staged) -> None:
    stage = staged()
    page = returned(stage)
    assert page.locator("tr.atm th.strike").inner_text() == "26,000"
    assert page.locator("#health").inner_text() == "database down · 12 min old"
    assert stage.follows[-1] == {"NSE": None}
    # the word on another state's age is not the age of this one
    stage.send(clock(300, server_ms=NOW_MS + 12 * _MINUTE_MS))
    stage.wait_for("stale")
    assert page.locator("#health").inner_text() == "stale 12 min"
    stage.send(full(sequence=9, underlying_price=26_111.0), clock(300))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,111.00")')
    stage.wait_for("live")


@pytest.mark.parametrize(
    "known",
    [
        {"user": "another"},
        {"build": "two"},
        {"clock": clock(None, problem=_AWAY, server_ms=NOW_MS - 60_000)},
    ],
    ids=["another user", "another build", "a clock that went back"],
)
def test_a_chain_of_another_user_build_or_time_does_not(
    staged: Staged, known: dict[str, Any]
) -> None:
    page = returned(staged(), **known)
    assert page.locator("#rows tr").count() == 0
    assert page.locator("#health").inner_text() == "database down"


def test_after_signing_out_nothing_is_left(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    hidden(page, True)
    assert json.loads(page.evaluate("localStorage['last-chain']"))["user"] == "trader"
    hidden(page, False)
    page.route("**/logout", lambda route: route.fulfill(body="gone", content_type="text/html"))
    page.click("#sign-out button")
    page.wait_for_url("**/logout")
    assert page.evaluate("'last-chain' in localStorage") is False


def test_a_page_that_nobody_sees_rests_and_is_fresh_at_once_when_seen(staged: Staged) -> None:
    stage = staged()
    page = stage.page
    page.clock.install()
    stage.open()
    hidden(page, True)
    page.clock.fast_forward(_MINUTE_MS)
    stage.until(lambda: stage.follows[-1] == {})
    page.clock.run_for(1000)
    assert page.title() == "resting · NIFTY · OI Gemini"
    hidden(page, False)
    stage.until(lambda: stage.follows[-1] == {"NSE": 1})
    stage.send(delta(2, underlying_price=26_020.0), clock(100))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,020.00")')
    assert page.title().startswith("26,020.00 NIFTY")


def test_a_page_that_is_hidden_for_a_moment_goes_on(staged: Staged) -> None:
    stage = staged()
    page = stage.page
    page.clock.install()
    stage.open()
    hidden(page, True)
    page.clock.fast_forward(_MINUTE_MS - 1000)
    hidden(page, False)
    page.clock.fast_forward(_MINUTE_MS)
    # a link that was silent for that minute may have been opened anew meanwhile
    assert all(follow == {"NSE": 1} for follow in stage.follows)
    assert not page.title().startswith("resting")


def test_after_an_update_the_page_is_loaded_anew_once(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(build="one"))
    with page.expect_navigation():
        stage.build = "two"
        stage.send(clock(build="two"))
    stage.until(lambda: len(stage.follows) == 2)
    stage.send(clock(build="two"))
    assert page.locator("#outdated").is_hidden()


def test_where_loading_anew_does_not_help_a_sentence_says_so(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    with page.expect_navigation():
        stage.send(clock(build="two"))
    stage.until(lambda: len(stage.follows) == 2)
    stage.send(clock(build="two"))
    page.wait_for_selector("#outdated:not([hidden])")
    assert "is of another build" in page.locator("#told").inner_text()
    # two builds served in turn: the sentence goes, nothing is loaded
    stage.send(clock(build="one"))
    page.wait_for_selector("#outdated", state="hidden")
    stage.send(clock(build="three"))
    page.wait_for_selector("#outdated:not([hidden])")
    assert len(stage.follows) == 2


def test_a_dialog_that_is_open_is_not_taken_away(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.keyboard.press("?")
    stage.send(clock(build="two"), delta(2, underlying_price=26_020.0))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,020.00")')
    assert len(stage.follows) == 1
    page.keyboard.press("Escape")
    with page.expect_navigation():
        stage.send(clock(build="two"))
