"""One link a page, polling while there is none, and coming back by itself."""

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.web.page.conftest import Staged
from tests.web.page.stage import OPEN, Stage, clock, delta, full

if TYPE_CHECKING:
    from playwright.sync_api import Route


def polled(
    message: dict[str, Any],
    age_ms: int | None,
    tag: str,
    seen: list[str | None],
    market: dict[str, Any] | None = None,
):
    """Answers a poll as the server does; `seen` takes the tags the page asks with."""

    def answer(route: "Route", _: str) -> None:
        asked = route.request.headers.get("if-none-match")
        seen.append(asked)
        headers = {"ETag": tag, "OI-Server-Ms": "1785735000000"}
        if age_ms is not None:
            headers["OI-Age-Ms"] = str(age_ms)
        if market is not None:
            headers["OI-Market"] = json.dumps(market)
        if asked == tag:
            return route.fulfill(status=304, headers=headers)
        return route.fulfill(json=message, headers=headers)

    return answer


def refused(stage: Stage) -> None:
    """Let no link come about from now on."""
    stage.page.route_web_socket("**/live", lambda socket: socket.close())


def test_without_a_link_the_page_asks_at_once_and_only_for_what_is_new(staged: Staged) -> None:
    stage = staged()
    seen: list[str | None] = []
    stage.answer = polled(full(sequence=2, underlying_price=26_040.0), 900, 'W/"two"', seen)
    refused(stage)
    stage.page.clock.install()
    stage.page.goto("http://localhost/")
    stage.page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,040.00")')
    stage.page.wait_for_selector('#health:has-text("polled")')
    assert seen == [None]
    stage.page.clock.fast_forward(5000)
    stage.until(lambda: len(seen) > 1)
    assert seen[1] == 'W/"two"'
    stage.wait_for("live")


def test_a_polled_chain_without_an_age_has_none(staged: Staged) -> None:
    stage = staged()
    stage.answer = polled(full(sequence=2), None, 'W/"two"', [])
    refused(stage)
    stage.page.goto("http://localhost/")
    stage.wait_for("unknown")


def test_a_page_that_asks_hears_that_somebody_must_log_in_at_the_broker(staged: Staged) -> None:
    stage = staged()
    login = {"state": "login needed", "sentence": "Log in at the broker – its session has ended."}
    market = {"phase": OPEN, "feeds": {"NSE": login}}
    stage.answer = polled(full(sequence=2), 60_000, 'W/"two"', [], market)
    refused(stage)
    stage.page.goto("http://localhost/")
    stage.wait_for("broker")
    assert stage.page.locator("#sentence").inner_text() == login["sentence"]


def test_a_lost_link_is_shown_and_taken_up_again_where_it_was(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(delta(2, underlying_price=26_020.0), clock(100))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,020.00")')
    stage.recording("body", "data-health")
    stage.sockets[-1].close()
    stage.until(lambda: len(stage.sockets) == 2)
    stage.until(lambda: stage.follows[-1] == {"NSE": 2})
    stage.send(delta(3, underlying_price=26_030.0), clock(100))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,030.00")')
    stage.wait_for("live")


def test_a_link_that_goes_silent_is_given_up(staged: Staged) -> None:
    stage = staged()
    stage.page.clock.install()
    page = stage.open()
    page.clock.fast_forward(12_500)
    page.clock.fast_forward(2000)
    stage.wait_for("reconnecting")
    stage.until(lambda: len(stage.sockets) > 1)


def test_pauses_between_attempts_grow(staged: Staged) -> None:
    stage = staged()
    stage.page.clock.install()
    page = stage.open()
    page.evaluate("Math.random = () => 1")
    refused(stage)
    page.evaluate(
        "window.tries = []; const Real = WebSocket; window.WebSocket = class extends Real {"
        "constructor(...a) { super(...a); window.tries.push(performance.now()); } }; 0"
    )
    stage.sockets[-1].close()
    for _ in range(80):
        page.clock.run_for(500)
    tries = page.evaluate("window.tries")
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) >= 5
    assert all(later > 1.3 * earlier for earlier, later in pairwise(pauses[:4]))
    assert max(pauses) < 17_000


def test_what_does_not_build_on_what_is_here_is_asked_for_whole_once(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(delta(9), delta(10), delta(11), clock(100))
    stage.until(lambda: len(stage.follows) > 1)
    stage.send(full(sequence=11, underlying_price=26_111.0), clock(100))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,111.00")')
    assert stage.follows == [{"NSE": 1}, {"NSE": None}]


def test_a_session_that_is_over_leads_to_the_sign_in(staged: Staged) -> None:
    stage = staged()
    page = stage.open("/?exchange=NSE")
    stage.send({"kind": "end", "reason": "Your session has ended; sign in again."})
    stage.sockets[-1].close(code=4401, reason="over")
    page.wait_for_url("**/login?next=%2F%3Fexchange%3DNSE")


def test_a_database_that_is_away_is_said_and_its_return_noticed(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(3000, problem="The database does not answer (refused)."))
    stage.wait_for("down")
    assert page.locator("#health").inner_text().startswith("database down · ")
    assert page.locator("#sentence").inner_text().startswith("The database does not answer")
    assert page.title().startswith("down · ")
    stage.send(delta(2), clock(100))
    stage.wait_for("live")


def test_a_poll_that_is_refused_says_why(staged: Staged) -> None:
    stage = staged()
    stage.answer = lambda route, _: route.fulfill(
        status=503, json={"error": "The database does not answer."}
    )
    refused(stage)
    stage.page.goto("http://localhost/")
    stage.wait_for("down")
    stage.answer = lambda route, _: route.fulfill(status=401, json={"error": "Sign in."})
    stage.page.wait_for_url("**/login?next=**")
