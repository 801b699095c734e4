"""What kind of market is shown stands in the frame, beside the age and in the tab's title."""

from typing import Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import CLOSED, OPEN, clock, full

TAPE = {"last_update": "2025-12-04T13:14:00+05:30"}
FRAME = "getComputedStyle(document.body).borderLeftWidth"
DOT = "getComputedStyle(document.querySelector('.dot')).backgroundColor"


@pytest.mark.parametrize(
    ("summary", "phase", "kind", "words", "fresh"),
    [
        ({"source": "live"}, OPEN, "live", "", "live "),
        ({"source": "simulated"}, OPEN, "simulated", "simulated", "simulated "),
        ({"source": "simulated"}, CLOSED, "simulated", "simulated", "simulated "),
        ({"source": "replayed", **TAPE}, OPEN, "replayed", "replay of 4 Dec 2025", "replay "),
        ({"source": "replayed", **TAPE}, CLOSED, "replayed", "replay of 4 Dec 2025", "replay "),
        ({"source": "live"}, CLOSED, "closed", "closed · last session Mon 3 Aug 2026", "closed"),
        ({"source": None}, OPEN, "unsaid", "", "fed "),
        ({"source": None, **TAPE}, CLOSED, "replayed", "data of 4 Dec 2025", "replay "),
    ],
)
def test_the_kind_of_market_stands_on_the_page_at_all_hours(
    staged: Staged,
    summary: dict[str, Any],
    phase: dict[str, str],
    kind: str,
    words: str,
    fresh: str,
) -> None:
    stage = staged()
    stage.first = full(**summary)
    stage.clock = clock(100, phase=phase)
    # however busy this machine is
    stage.limits = {"slow_after_s": 600.0}
    page = stage.open()
    page.wait_for_selector(f'body[data-market="{kind}"]')
    assert page.locator("#market").inner_text() == words
    assert page.title() == " · ".join(filter(None, [words, "26,010.00 NIFTY", "OI Gemini"]))
    assert page.locator("#health").inner_text().startswith(fresh)
    assert (page.evaluate(FRAME) != "0px") is bool(words)


def test_only_a_live_market_has_the_green_dot(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector('body[data-health="live"][data-market="live"]')
    green = page.evaluate(DOT)
    for sequence, source in enumerate(("simulated", "replayed", None), 2):
        stage.send(full(sequence=sequence, source=source), clock(100))
        stage.until(lambda: page.evaluate(DOT) != green)
        assert not page.locator("#health").inner_text().startswith("live")
        stage.send(full(sequence=sequence, source="live"), clock(100))
        stage.until(lambda: page.evaluate(DOT) == green)


def test_a_replay_that_stands_is_old_and_dated_with_its_year(staged: Staged) -> None:
    stage = staged()
    stage.first = full(source="replayed", **TAPE)
    stage.clock = clock(600_000, phase=CLOSED)
    page = stage.open()
    stage.wait_for("stale")
    sentence = page.locator("#sentence").inner_text()
    assert sentence == "The replay stands at 13:14:00 of 4 Dec 2025: nothing new for 10 min."
    assert "last session" not in page.inner_text("body")
    assert stage.fact("market_day") == "4 Dec 2025"


def test_the_session_ends_when_the_server_says_so(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.wait_for("live")
    stage.send(clock(100, phase=CLOSED))
    stage.wait_for("closed")
    assert page.title().startswith("closed · last session Mon 3 Aug 2026 · ")


def test_in_the_closing_auction_the_index_says_that_it_stands(staged: Staged) -> None:
    stage = staged()
    stage.clock = clock(100, phase={"options": "open", "index": "auction"})
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert stage.fact("auction") == "auction"
