"""Charts are drawn when they are seen and differ, at most once in three seconds, and truly."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.web.page.conftest import Staged
from tests.web.page.stage import AT, ORIGIN, Stage, a_leg, clock, delta, full, no_day

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNT_DRAWINGS = """
window.drawn = {};
const real = SVGElement.prototype.replaceChildren;
SVGElement.prototype.replaceChildren = function (...nodes) {
  window.drawn[this.id] = (window.drawn[this.id] ?? 0) + 1;
  return real.apply(this, nodes);
};
"""


def drawn(page: "Page", name: str = "oi-chart") -> int:
    return int(page.evaluate("window.drawn").get(name, 0))


def draws(stage: Stage, name: str = "oi-chart") -> None:
    """Let time pass until a chart has been drawn and its first sizes have come to rest."""

    def passes() -> bool:
        stage.page.clock.run_for(10)
        return drawn(stage.page, name) > 0

    stage.until(passes)
    # pictures are taken of whole frames, in which the browser has told sizes and sight
    stage.page.screenshot()
    stage.page.clock.run_for(4000)


def opened(staged: Staged, **context: int) -> Stage:
    stage = staged(**context)
    # from here on time passes only as the test says
    stage.page.clock.install(time=AT)
    stage.page.clock.pause_at(datetime.fromisoformat(AT) + timedelta(minutes=1))
    stage.page.add_init_script(COUNT_DRAWINGS)
    stage.open().wait_for_selector("tr.atm")
    return stage


def test_a_chart_rests_between_drawings_and_while_nothing_changes(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    draws(stage)
    first = drawn(page)
    for sequence in range(2, 7):
        stage.send(delta(sequence, (26_000, "CE", {"oi": 6500 + 65 * sequence})), clock(100))
        page.wait_for_selector(f'[data-fact="sequence"]:text-is("{sequence}")')
        page.clock.run_for(500)
    assert drawn(page) - first <= 1
    page.clock.run_for(4000)
    settled = drawn(page)
    assert settled - first in (1, 2)
    stage.send(delta(7, (26_000, "CE", {"ltp": 120.0})), clock(100))
    page.wait_for_selector('[data-fact="sequence"]:text-is("7")')
    page.clock.run_for(4000)
    assert drawn(page) == settled


def test_a_chart_out_of_sight_is_not_drawn(staged: Staged) -> None:
    stage = opened(staged, width=360, height=640)
    page = stage.page
    page.screenshot()
    page.clock.run_for(4000)
    assert drawn(page, "smile-chart") == 0
    page.locator("#smile-chart").scroll_into_view_if_needed()
    draws(stage, "smile-chart")


def test_the_pointer_on_a_chart_draws_nothing_anew(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    draws(stage)
    before = drawn(page)
    box = page.locator("#oi-chart").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.wait_for_selector('#oi-readout:has-text("25,800")')
    assert page.locator("#oi-chart .cursor").get_attribute("visibility") == "visible"
    page.clock.run_for(1000)
    assert drawn(page) == before


def test_marks_stand_between_the_right_strikes_where_these_are_uneven(staged: Staged) -> None:
    stage = staged()
    strikes = [25_000.0, 25_500.0, 25_900.0, 26_000.0, 26_100.0, 27_000.0]
    stage.first = full(
        contracts=[a_leg(strike, side) for strike in strikes for side in ("CE", "PE")],
        max_pain=26_100.0,
        underlying_price=25_950.0,
    )
    page = stage.open()
    page.wait_for_selector('[data-mark="mark"]', state="attached")
    bars = page.evaluate(
        """[...document.querySelectorAll("#oi-chart .bar-pe")].map((bar) => bar.x.baseVal.value)"""
    )
    at = "document.querySelector('[data-mark=\"{}\"]').x1.baseVal.value"
    assert abs(page.evaluate(at.format("mark")) - bars[4]) < 1
    assert abs(page.evaluate(at.format("mark-index")) - (bars[2] + bars[3]) / 2) < 1


def test_the_axis_of_the_day_is_the_one_that_the_server_names(staged: Staged) -> None:
    stage = staged()
    stage.days["NSE"] = no_day(
        day="2025-10-21",
        open="13:45",
        close="14:45",
        minutes=["13:45", "13:46", "14:00"],
        pcr=[0.9, 0.91, 0.92],
        index=[25_900.0, 25_910.0, 25_905.0],
    )
    page = stage.open()
    page.wait_for_selector("#pcr-chart .line-pcr", state="attached")
    labels = page.evaluate(
        "[...document.querySelectorAll('#pcr-chart text')].map((t) => t.textContent)"
    )
    times = [text for text in labels if ":" in text]
    assert times[0] == "13:50"
    assert times[-1] == "14:40"


def test_the_page_knows_no_hours_and_no_weekdays_of_its_own(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    names = page.evaluate(
        "[...document.querySelectorAll('link[rel=modulepreload]')].map((link) => link.href)"
    )
    client = stage.app.test_client()
    for name in names:
        source = client.get(name.removeprefix(ORIGIN)).text
        for own in ("15:30", "15:40", "9 * 60", "15 * 60", "getDay()", "555", "930"):
            assert own not in source, (name, own)
