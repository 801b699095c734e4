"""No figure is cut and nothing is wider than the page, at any width and in any unit."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import Leg, a_leg, answered, clock, delta, full

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = sorted({*range(320, 1921, 20), 639, 899, 1079, 1366, 1379, 719, 721})
# what sticks out of its cell, of the page or from under the footer, once the page has settled
FAULTS = """
async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const faults = [];
  for (const cell of document.querySelectorAll("#chain :is(th, td)")) {
    if (cell.offsetWidth && cell.scrollWidth > cell.clientWidth) {
      faults.push(`${cell.className}: ${cell.textContent}`);
    }
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`page is ${root.scrollWidth} wide`);
  if (root.scrollHeight > innerHeight) faults.push("the frame itself scrolls");
  for (const total of document.querySelectorAll("tfoot .oi")) {
    const box = total.getBoundingClientRect();
    const top = document.elementFromPoint(box.right - 6, (box.top + box.bottom) / 2);
    if (top !== total) faults.push(`a total lies under ${top?.className}`);
  }
  const right = document.querySelector(".scroller").getBoundingClientRect().right;
  const last = [...document.querySelectorAll("tfoot td")].findLast((cell) => cell.offsetWidth);
  if (last.getBoundingClientRect().right > right + 0.5) faults.push("the table is too wide");
  return faults;
}
"""

# how many of these are not covered, and are on the screen
SEEN = """
(what) => [...document.querySelectorAll(what)].filter((node) => {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  return document.elementFromPoint((left + right) / 2, (top + bottom) / 2)?.closest(what) === node;
}).length
"""


def long_figures() -> list[Leg]:
    """A chain of the widest figures that markets bring."""
    wide: dict[str, Any] = {
        "oi": 37_776_635,
        "volume": 1_284_500_000,
        "ltp": 12_345.65,
        "iv": 112.4,
        "pct_3m": 1234.5,
        "oi_3m": -22_200_000,
        "pct_5m": -999.9,
        "oi_5m": 99_900,
        "pct_10m": 99.9,
        "oi_10m": -9_990_000,
        "pct_15m": -88.8,
        "oi_15m": 123_456,
        "pct_30m": 25.6,
        "oi_30m": 888_000,
    }
    strikes = [99_800.0 + 100 * n for n in range(9)]
    return [a_leg(strike, side, **wide) for strike in strikes for side in ("CE", "PE")]


@pytest.mark.parametrize("lots", ["", "lots"])
@pytest.mark.parametrize("unit", ["pct", "abs"])
@pytest.mark.parametrize("theirs", ["long", "short"])
def test_at_every_width_every_figure_is_whole(
    staged: Staged, unit: str, lots: str, theirs: str
) -> None:
    stage = staged()
    contracts = long_figures() if theirs == "long" else None
    atm = 100_200.0 if theirs == "long" else 26_000.0
    stage.first = full(contracts=contracts, atm_strike=atm, source="simulated")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#unit", unit)
    page.select_option("#lots", lots)
    answered(page)
    faults = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if found := page.evaluate(FAULTS):
            faults[width] = found[:5]
    assert faults == {}


def test_totals_stay_in_sight_on_a_phone(staged: Staged) -> None:
    stage = staged(width=360, height=640)
    stage.first = full(contracts=long_figures(), atm_strike=100_200.0, source="simulated")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert page.evaluate(FAULTS) == []
    assert page.locator("#totals").is_visible()


@pytest.mark.parametrize("size", [(720, 450), (683, 384), (960, 540), (320, 568)])
def test_on_a_low_or_magnified_screen_the_chain_has_a_screen_of_its_own(
    staged: Staged, size: tuple[int, int]
) -> None:
    stage = staged(width=size[0], height=size[1])
    stage.first = full(contracts=long_figures(), atm_strike=100_200.0, source="simulated")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.evaluate("document.querySelector('.chain').scrollIntoView()")
    assert page.evaluate(FAULTS) == ["the frame itself scrolls"]
    assert page.evaluate(SEEN, "#rows tr") >= 6
    assert page.evaluate(SEEN, "#totals") == page.evaluate(SEEN, "#sentence") == 1


def test_a_figure_that_grows_gets_its_room(staged: Staged) -> None:
    stage = staged(width=1366, height=768)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    stage.send(
        delta(2, (26_000, "CE", {"ltp": 123_456.75, "oi": 1_237_776_635, "pct_3m": 12_345.6})),
        clock(100),
    )
    page.wait_for_selector('tr.atm td.ce.ltp:text-is("1,23,456.75")')
    assert page.evaluate(FAULTS) == []


def test_a_column_that_gave_way_leaves_no_room_behind(staged: Staged) -> None:
    stage = staged(width=760)
    stage.first = full(contracts=long_figures(), atm_strike=100_200.0)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    hidden = page.get_attribute("#chain", "data-hidden")
    assert hidden
    assert "volume" in hidden
    shown = page.locator("tr.atm :is(th, td):visible").count()
    assert page.evaluate("document.querySelector('.sides .ce').colSpan") == (shown - 1) / 2
    widths = page.evaluate(
        "[...document.querySelectorAll('#totals td')].reduce((n, td) => n + td.offsetWidth, 0)"
    )
    assert abs(widths - page.evaluate("document.querySelector('#chain').offsetWidth")) < 20


def test_a_figure_can_be_kept_where_not_all_have_room(staged: Staged) -> None:
    stage = staged(width=360, height=740)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert page.locator("tr.atm :is(th, td):visible").count() == 5
    page.select_option("#metric", "ltp")
    answered(page)
    assert page.locator("tr.atm td.ce.ltp").is_visible()
    assert page.locator("tr.atm td.ce.p5").is_hidden()
    assert page.evaluate(FAULTS) == []


def test_a_phone_has_everything_on_screen_and_within_reach_of_a_thumb(staged: Staged) -> None:
    stage = staged(width=360, height=740, has_touch=True)
    stage.first = full(contracts=None, source="simulated")
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    page.locator("#scroller").dispatch_event("touchmove")
    page.wait_for_selector("#centre:not([hidden])")
    for name in ("#centre", "#csv", ".expiry.beside", "#metric", "#range", "#unit", "#lots"):
        _on_screen(page, name, 360)
    # the bar of the past, in the present too
    for name in ("#asof-clock", "#asof-slider", "#asof-play", "#asof-date", "#asof-expiry"):
        _on_screen(page, name, 360)
    slider = page.locator("#asof-slider").bounding_box()
    assert slider is not None
    assert slider["width"] > 240
    assert page.locator(".expiry.beside").inner_text() == "exp 4 Aug 2026"
    small = page.evaluate(
        """[...document.querySelectorAll("button, a, select, tbody td")].filter((one) => {
          const { width, height } = one.getBoundingClientRect();
          return width && (width < 24 || height < 24);
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_a_phone_explains_by_touch(staged: Staged) -> None:
    stage = staged(width=360, height=740, has_touch=True)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    before = page.locator("tr.atm").bounding_box()
    page.tap("tr.atm td.ce.p5")
    # the way back to the money is offered now, and nothing moved for it under the finger
    page.wait_for_selector("#centre:not([hidden])")
    assert page.locator("tr.atm").bounding_box() == before
    explanation = page.locator("#explanation").inner_text()
    assert explanation.startswith("26,000 CE: change over 5 minutes unknown")
    page.tap('[data-for="signal"]')
    assert "No model is trained yet" in page.locator("#explanation").inner_text()


def _on_screen(page: "Page", name: str, width: int) -> None:
    box = page.locator(name).bounding_box()
    assert box, name
    assert box["x"] >= 0, name
    assert box["x"] + box["width"] <= width, name


@pytest.mark.parametrize(("width", "chosen"), [(1440, ""), (360, ""), (1440, "lots")])
def test_bars_are_drawn_whatever_the_server_painted(
    staged: Staged, width: int, chosen: str
) -> None:
    stage = staged(width=width, height=740)
    if chosen:
        stage.page.add_init_script(f"localStorage.lots = {chosen!r}")
    page = stage.open()
    page.wait_for_selector("body:not([data-unready]) tr.atm td.oi")
    bars = "[...document.querySelectorAll('tr.atm td.oi')].map((cell) => cell.style.cssText)"
    stage.until(lambda: page.evaluate(bars) == ["--w: 0.50;", "--w: 1.00;"])
