"""How old the figures are is the server's word; old ones never look like the present."""

import re

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import clock, delta, full

PALED = "getComputedStyle(document.querySelector('.headline')).filter"


def age_s(text: str) -> int:
    """The age that a text names: at least what it was, however long a busy machine took to look."""
    found = re.search(r"(\d+) (s|min)\b", text)
    assert found is not None, text
    return int(found[1]) * {"s": 1, "min": 60}[found[2]]


def test_a_page_opened_on_a_silent_feed_never_calls_it_live(staged: Staged) -> None:
    stage = staged()
    stage.clock = clock(83_000)
    stage.recording("body", "data-health")
    page = stage.open()
    stage.wait_for("stale")
    assert set(stage.recorded()) == {"stale"}
    assert page.title().startswith("stale · ")
    sentence = page.locator("#sentence").inner_text()
    assert "Nothing new for " in sentence
    assert age_s(sentence) >= 83


def test_an_unknown_age_is_never_called_live(staged: Staged) -> None:
    stage = staged()
    stage.clock = clock(None)
    page = stage.open()
    stage.wait_for("unknown")
    assert page.locator("#health").inner_text() == "age unknown"
    assert page.title().startswith("unknown · ")
    stage.send(clock(300))
    stage.wait_for("live")
    stage.send(clock(None))
    stage.wait_for("unknown")


def test_between_the_servers_words_the_page_counts_on(staged: Staged) -> None:
    stage = staged()
    stage.page.clock.install()
    page = stage.open()
    stage.wait_for("live")
    page.clock.fast_forward(10_500)
    stage.wait_for("slow")
    assert page.title().startswith("slow · ")


@pytest.mark.parametrize("step_h", [-1, 1])
def test_a_viewers_clock_that_is_set_makes_nothing_younger(staged: Staged, step_h: int) -> None:
    stage = staged()
    stage.clock = clock(20_000)
    stage.recording("body", "data-health")
    page = stage.open()
    stage.wait_for("slow")
    page.evaluate(f"const real = Date.now; Date.now = () => real() + {step_h} * 3600000")
    page.wait_for_timeout(0)
    stage.send(clock(50_000))
    stage.wait_for("stale")
    assert "live" not in stage.recorded()
    assert age_s(page.locator("#health").inner_text()) >= 50


def test_a_machine_that_slept_knows_no_age_until_the_server_speaks(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.wait_for("live")
    # the monotonic clock stood still meanwhile
    page.evaluate("const real = Date.now; Date.now = () => real() + 3600000")
    stage.wait_for("unknown")
    stage.send(clock(400))
    stage.wait_for("live")


def test_after_a_sleep_the_server_is_asked_at_once_over_another_link_if_this_one_died(
    staged: Staged,
) -> None:
    stage = staged()
    stage.page.clock.install()
    page = stage.open()
    stage.wait_for("live")
    page.evaluate("const real = Date.now; Date.now = () => real() + 3600000")
    page.clock.run_for(600)
    stage.until(lambda: len(stage.follows) == 2)
    assert len(stage.sockets) == 1
    page.clock.run_for(4000)
    stage.until(lambda: len(stage.follows) == 3)
    assert len(stage.sockets) == 2
    stage.send(full(sequence=5), clock(400))
    stage.wait_for("live")


def test_what_counts_as_slow_and_stale_is_the_servers_to_say(staged: Staged) -> None:
    stage = staged()
    stage.limits = {"slow_after_s": 3.0, "stale_after_s": 8.0}
    stage.clock = clock(5000)
    stage.open()
    stage.wait_for("slow")
    stage.send(clock(8500))
    stage.wait_for("stale")


def test_head_lines_and_title_pale_and_say_it_with_the_table(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.wait_for("live")
    # colours come and go within a third of a second
    stage.until(lambda: page.evaluate(PALED) == "none")
    assert page.title() == "26,010.00 NIFTY · OI Gemini"
    for age_ms, state in ((20_000, "slow"), (60_000, "stale")):
        stage.send(clock(age_ms))
        stage.wait_for(state)
        stage.until(lambda: "saturate" in page.evaluate(PALED))
        assert page.title() == f"{state} · 26,010.00 NIFTY · OI Gemini"


def test_after_an_outage_colours_come_back_with_fresh_data_only(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(60_000))
    stage.wait_for("stale")
    stage.send(delta(2, underlying_price=26_020.0), clock(34_000))
    stage.until(lambda: 34 <= age_s(page.locator("#health").inner_text()) < 60)
    stage.send(delta(3, underlying_price=26_030.0), clock(500))
    stage.wait_for("live")
    assert page.evaluate("document.querySelector('#told').textContent") == "live"


def test_no_state_grows_younger_without_new_data(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.send(clock(60_000))
    stage.wait_for("stale")
    # neither the age of a state that is not here nor what does not build on what is here
    stage.send(clock(100), delta(9), clock(100))
    stage.until(lambda: len(stage.follows) == 2)
    assert age_s(page.locator("#health").inner_text()) >= 60
    stage.send(full(sequence=9), clock(100))
    stage.wait_for("live")


def test_the_age_of_a_figure_stands_beside_its_explanation(staged: Staged) -> None:
    stage = staged()
    stage.clock = clock(65_000)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.click("tr.atm td.ce.iv")
    page.wait_for_selector('#explanation[data-age$=" old"]')
    beside = "getComputedStyle(document.querySelector('#explanation'), '::before').content"
    assert age_s(page.evaluate(beside)) >= 65
    # who listens hears the sentence, not its age each second
    assert "old" not in page.locator("#explanation").inner_text()
