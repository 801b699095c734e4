"""The monitoring page in the browser: it renews itself unheard, and says what ails it."""

from typing import TYPE_CHECKING

from flask import render_template

from app.web.monitoring.words import WORDS
from tests.web.page.conftest import Staged
from tests.web.page.stage import ORIGIN, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Route


class Server:
    """Gives the page out, each time with a nonce of its own; `status` 0: no answer."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.status = 200
        self.trouble = "The disk is full."
        self.asked = 0
        self.nonces: set[str] = set()
        stage.page.route("**/monitoring", self.answer)

    def answer(self, route: "Route") -> None:
        self.asked += 1
        if not self.status:
            return route.abort()
        with self.stage.app.test_request_context("/monitoring"):
            html = render_template("monitoring.html", troubles=[self.trouble], sections=[], **WORDS)
            answer = self.stage.app.make_response(html)
            self.stage.app.process_response(answer)
        self.nonces.add(answer.headers["Content-Security-Policy"])
        route.fulfill(status=self.status, headers=dict(answer.headers), body=html)


def test_it_renews_itself_and_logs_nothing(staged: Staged) -> None:
    stage = staged()
    server = Server(stage)
    stage.page.goto(f"{ORIGIN}/monitoring")
    server.trouble = "The disk has room again."
    stage.page.wait_for_selector('#troubles li:text-is("The disk has room again.")')
    assert len(server.nonces) > 1


def test_that_the_server_does_not_answer_is_one_sentence_until_it_does(staged: Staged) -> None:
    stage = staged()
    server = Server(stage)
    stage.page.goto(f"{ORIGIN}/monitoring")
    server.status = 0
    stage.page.wait_for_selector('#age:text-matches("^The server does not answer; as of [0-9]+ s")')
    server.status = 500
    stage.page.wait_for_selector('#age:text-matches("^The server answered 500; as of [0-9]+ s")')
    server.status = 200
    stage.page.wait_for_selector('#age:text-matches("^as of [0-9]+ s ago$")')


def test_of_a_server_that_hangs_one_thing_is_asked_at_a_time(staged: Staged) -> None:
    stage = staged()
    server = Server(stage)
    stage.page.clock.install()
    stage.page.goto(f"{ORIGIN}/monitoring")
    held: list[Route] = []
    stage.page.route("**/monitoring", lambda route: held.append(route))
    for _ in range(4):
        stage.page.clock.run_for(2500)
    stage.until(lambda: bool(held))
    assert len(held) == 1
    server.trouble = "It was slow."
    server.answer(held[0])
    stage.page.wait_for_selector('#troubles li:text-is("It was slow.")')
