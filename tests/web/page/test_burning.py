"""What burns is told to who runs the server, what it lacks to everybody, until it is over."""

from typing import Any

from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, clock, delta

SENTENCE = "Data: 100 of 1,000 in the last hour failed or took longer than 20 ms."


def notice(objective: str, burning: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "notice",
        "topic": "performance",
        "objective": objective,
        "burning": burning,
        **more,
    }


def line(stage: Stage) -> str | None:
    found = stage.page.locator("#burning")
    return found.inner_text() if found.is_visible() else None


def test_what_burns_is_told_as_it_begins_and_ends(staged: Staged) -> None:
    stage = staged()
    stage.burning = {}
    stage.open()
    assert line(stage) is None
    stage.send(notice("data", 1, sentence=SENTENCE))
    stage.until(lambda: line(stage) == f"{SENTENCE} Monitoring")
    assert stage.page.locator("#told").text_content() == SENTENCE
    stage.send(notice("push", 1, sentence="Another."), notice("data", 0))
    stage.until(lambda: line(stage) == "Another. Monitoring")
    stage.send(notice("push", 0))
    stage.until(lambda: line(stage) is None)


def test_what_burns_already_is_painted_by_the_server(staged: Staged) -> None:
    stage = staged()
    stage.burning = {"data": SENTENCE}
    stage.runs = False
    stage.page.goto("http://localhost/")
    assert line(stage) == f"{SENTENCE} Monitoring"


def test_who_only_looks_is_told_nothing_of_it(staged: Staged) -> None:
    stage = staged()
    stage.open()
    stage.send(notice("data", 1, sentence=SENTENCE), delta(2, underlying_price=26_014.0))
    stage.until(lambda: stage.fact("underlying_price") == "26,014.00")
    assert line(stage) is None


def test_everybody_is_told_what_the_server_does_without(staged: Staged) -> None:
    lack = "Redis does not answer: refused. Every figure stays right."
    stage = staged()
    stage.open()
    stage.send(clock(200, lacking=lack))
    stage.until(lambda: line(stage) == f"{lack} Monitoring")
    assert stage.page.locator("#told").text_content() == lack
    stage.wait_for("live")
    stage.send(clock(200))
    stage.until(lambda: line(stage) is None)


def test_what_is_lacking_comes_before_what_burns(staged: Staged) -> None:
    stage = staged()
    stage.burning = {"data": SENTENCE}
    stage.clock = clock(200, lacking="Redis is away.")
    stage.open()
    assert line(stage) == "Redis is away. Monitoring"
    stage.send(clock(200))
    stage.until(lambda: line(stage) == f"{SENTENCE} Monitoring")
