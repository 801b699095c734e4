"""Why nothing new comes is said by what the feed is at; who must act is given the button."""

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import clock, full

LOGIN = {"state": "login needed", "sentence": "That session has ended: log in there again."}
MUTE = {"state": "mute", "sentence": "The ticker brings no prices; connecting again."}


def test_a_login_that_is_needed_is_a_state_with_a_button(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.wait_for("live")
    assert page.locator("#broker").is_hidden()
    stage.send(clock(60_000, feeds={"NSE": LOGIN}))
    stage.wait_for("broker")
    assert page.locator("#health").inner_text() == "log in at the broker"
    assert page.locator("#sentence").inner_text() == LOGIN["sentence"]
    assert page.title().startswith("log in · ")
    button = page.locator("#broker")
    assert (button.inner_text(), button.get_attribute("href")) == (
        "Log in at the broker",
        "/broker",
    )
    stage.send(full(sequence=2), clock(200, feeds={"NSE": {"state": "live", "sentence": None}}))
    stage.wait_for("live")
    assert button.is_hidden()


def test_it_is_asked_for_before_the_session_and_before_any_figure(staged: Staged) -> None:
    stage = staged()
    closed = {"options": "closed", "index": "closed"}
    stage.clock = clock(60_000, phase=closed, feeds={"NSE": LOGIN})
    page = stage.open()
    stage.wait_for("broker")
    stage.send(
        full(sequence=2, updated_at=None, last_update=None), clock(None, feeds={"NSE": LOGIN})
    )
    stage.wait_for("broker")
    assert page.locator("#empty").inner_text() == LOGIN["sentence"]


@pytest.mark.parametrize("age_ms", [20_000, 60_000, None])
def test_old_figures_say_what_their_feed_is_at(staged: Staged, age_ms: int | None) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(age_ms, feeds={"NSE": MUTE}))
    page.wait_for_selector(f'#sentence:text-is("{MUTE["sentence"]}")')
    assert page.locator("body").get_attribute("data-health") in ("slow", "stale", "unknown")


def test_fresh_figures_and_other_chains_need_no_reason(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(200, feeds={"NSE": MUTE}))
    stage.send(clock(60_000, feeds={"NSE": {"state": "live", "sentence": None}, "BSE": MUTE}))
    stage.wait_for("stale")
    assert "Nothing new for" in page.locator("#sentence").inner_text()


@pytest.mark.parametrize("state", ["live", "simulated"])
def test_a_feed_that_flows_tells_how_far_its_history_is_filled(staged: Staged, state: str) -> None:
    filling = "Filling history: 640 of 1,068 instruments."
    stage = staged()
    stage.first = full(source=state)
    page = stage.open()
    stage.send(clock(200, feeds={"NSE": {"state": state, "sentence": filling}}))
    page.wait_for_selector(f'#sentence:has-text("{filling}")')
    stage.wait_for("live")
    stage.send(clock(60_000, feeds={"NSE": {"state": state, "sentence": filling}}))
    stage.wait_for("stale")
    assert "Nothing new for" in page.locator("#sentence").inner_text()
    stage.send(full(sequence=2), clock(200, feeds={"NSE": {"state": state, "sentence": None}}))
    stage.wait_for("live")
    assert "Filling" not in page.locator("#sentence").inner_text()


def test_a_replay_that_stands_has_a_reason_of_its_own(staged: Staged) -> None:
    stage = staged()
    stage.first = full(source="replayed")
    page = stage.open()
    stage.send(clock(60_000, feeds={"NSE": MUTE}))
    stage.wait_for("stale")
    assert "The replay stands at" in page.locator("#sentence").inner_text()
