"""Under a tab stands its own chain, or nothing; what is old among them looks old."""

from typing import Any

from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, answered, clock, delta, full, no_day


def answering(exchange: str, sequence: int = 1, **summary: Any):
    """Has the server answer who follows that exchange, and nobody else."""

    def answer(stage: Stage, wanted: dict[str, Any]) -> None:
        if exchange in wanted:
            stage.send(full(exchange, sequence, **summary), clock(100, exchange=exchange))

    return answer


def test_until_its_chain_is_here_a_tab_shows_nothing_of_another(staged: Staged) -> None:
    stage = staged()
    stage.days["NSE"] = no_day(previous_close=25_900.0, previous_close_day="2026-07-31")
    page = stage.open()
    page.wait_for_selector('[data-fact="day_change"]:has-text("0.42 %")')
    page.keyboard.press("3")
    stage.wait_for("loading")
    assert page.locator("#rows tr").count() == 0
    assert page.locator("#empty").inner_text() == "Loading NIFTY M…"
    for name in ("underlying_price", "pcr", "max_pain", "itm_ce", "market_time", "expiry"):
        assert stage.fact(name) == "–", name
    assert stage.fact("day_change") == ""
    assert page.locator("tfoot").is_hidden()
    assert page.title() == "loading · NIFTY M · OI Gemini"
    page.wait_for_selector('figure[data-chart="oi"] .none:text-is("loading…")')
    assert page.locator("figure canvas").count() == 0


def test_the_day_change_of_another_index_never_shows(staged: Staged) -> None:
    stage = staged()
    stage.days = {
        "NSE": no_day(previous_close=25_900.0, previous_close_day="2026-07-31"),
        "BSE": None,
    }
    stage.on_follow = answering("BSE", underlying_price=86_000.0)
    stage.recording('[data-fact="day_change"]')
    page = stage.open()
    page.wait_for_selector('[data-fact="day_change"]:has-text("0.42 %")')
    page.keyboard.press("2")
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("86,000.00")')
    assert set(stage.recorded()) == {"", "–", "▲0.42 %"}


def test_a_chain_from_memory_is_pale_and_says_its_age_until_the_server_answers(
    staged: Staged,
) -> None:
    stage = staged()
    stage.page.clock.install()
    stage.on_follow = answering("BSE")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.keyboard.press("2")
    page.wait_for_selector('[data-fact="underlying_name"]:text-is("SENSEX")')
    for sequence in (2, 3):
        page.clock.fast_forward(8000)
        stage.send(delta(sequence, exchange="BSE"), clock(100, exchange="BSE"))
        page.wait_for_selector('#health:text-matches("^live [0-5]")')
    stage.on_follow = None
    page.keyboard.press("1")
    stage.wait_for("loading")
    # sixteen seconds went by, and what a busy machine took beside them
    age, unit, *_ = page.locator("#health").inner_text().removeprefix("loading · ").split()
    assert int(age) >= 16
    assert unit == "s"
    paled = "getComputedStyle(document.querySelector('main')).filter"
    stage.until(lambda: "saturate" in page.evaluate(paled))
    assert page.locator("#rows tr").count() == 9
    stage.send(full(sequence=40, underlying_price=26_100.0), clock(200))
    stage.wait_for("live")
    assert stage.fact("underlying_price") == "26,100.00"


def test_one_link_serves_all_tabs_and_says_what_is_here_already(staged: Staged) -> None:
    stage = staged()
    stage.on_follow = answering("BSE", sequence=7)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.keyboard.press("2")
    page.wait_for_selector('[data-fact="underlying_name"]:text-is("SENSEX")')
    page.keyboard.press("1")
    stage.until(lambda: len(stage.follows) == 3)
    assert stage.follows == [{"NSE": 1}, {"BSE": None}, {"NSE": 1}]
    assert len(stage.sockets) == 1
    assert page.locator('[aria-current="page"]').inner_text() == "NIFTY"


# what stands on the marked tab, and whose figures stand under it, whenever anything has changed
_TOGETHER = """
window.seen = new Set();
new MutationObserver(() => window.seen.add([
  document.querySelector('.tabs [aria-current]').textContent,
  document.querySelector('[data-fact="underlying_name"]').textContent,
].join())).observe(document.body, {
  subtree: true, attributes: true, childList: true, characterData: true,
});
"""
_PRESSED = """(keys) => {
  for (const key of keys) {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  }
  return [...document.querySelectorAll('[data-pressed]')].map(({ textContent }) => textContent);
}"""


def test_a_tab_is_marked_in_the_moment_in_which_its_figures_come(staged: Staged) -> None:
    stage = staged()
    stage.on_follow = answering("BSE", underlying_name="SENSEX")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.evaluate(_TOGETHER)
    for key, name in (("2", "SENSEX"), ("1", "NIFTY 50"), ("2", "SENSEX")):
        page.keyboard.press(key)
        page.wait_for_selector(f'[data-fact="underlying_name"]:text-is("{name}")')
    seen = set(page.evaluate("[...window.seen]"))
    assert seen == {"NIFTY,NIFTY 50", "SENSEX,–", "SENSEX,SENSEX"}


def test_a_press_is_seen_before_anything_else_is_done(staged: Staged) -> None:
    page = staged().open()
    page.wait_for_selector("tr.atm")
    assert page.evaluate(_PRESSED, ["2", "t"]) == ["SENSEX", "◐"]
    answered(page)
    assert page.locator('[aria-current="page"]').inner_text() == "SENSEX"


def test_of_two_tabs_that_are_pressed_at_once_the_last_is_turned_to(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.evaluate(_PRESSED, ["2", "3"])
    answered(page)
    assert page.locator('[aria-current="page"]').inner_text() == "NIFTY M"
    assert page.url.endswith("/?exchange=NSE_MONTHLY")
    stage.until(lambda: len(stage.follows) == 2)
    assert [list(follow) for follow in stage.follows] == [["NSE"], ["NSE_MONTHLY"]]


def test_a_theme_that_is_asked_for_twice_at_once_is_the_second(staged: Staged) -> None:
    page = staged(color_scheme="dark").open()
    page.wait_for_selector("tr.atm")
    page.evaluate(_PRESSED, ["t", "t"])
    answered(page)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
