"""Rows that stay, cells that fade for a reason, and a reason for each dash."""

from typing import TYPE_CHECKING

from tests.web.page.charts import SERIES, a_day
from tests.web.page.conftest import Staged
from tests.web.page.stage import ORIGIN, answered, clock, delta, full, legs

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNT_FADES = """
window.faded = [];
const real = Element.prototype.animate;
Element.prototype.animate = function (...how) {
  window.faded.push(`${this.parentElement.dataset.strike} ${this.className}`);
  return real.apply(this, how);
};
"""


def index(page: "Page", shown: str) -> None:
    page.wait_for_selector(f'[data-fact="underlying_price"]:text-is("{shown}")')


def test_only_what_moved_by_more_than_noise_fades(staged: Staged) -> None:
    stage = staged()
    stage.page.add_init_script(COUNT_FADES)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    noise = {"ltp": 100.4, "iv": 11.6, "volume": 66_000, "pct_3m": 2.5, "oi_3m": 160}
    stage.send(delta(2, (26_000, "CE", noise), underlying_price=26_011.0), clock(100))
    index(page, "26,011.00")
    assert page.evaluate("faded") == []
    # a slow drift counts from where it was marked last
    stage.send(delta(3, (26_000, "CE", {"ltp": 100.9}), underlying_price=26_012.0), clock(100))
    index(page, "26,012.00")
    assert page.evaluate("faded") == ["26000 ce ltp"]
    changed = {"oi": 6565, "pct_3m": 8.5, "pct_5m": 3.0}
    stage.send(delta(4, (26_050, "PE", changed), underlying_price=26_013.0), clock(100))
    index(page, "26,013.00")
    assert page.evaluate("faded")[1:] == ["26050 pe oi"]


def test_rows_stay_when_the_money_moves_within_a_range(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(20))
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#range", "5")
    answered(page)
    page.evaluate("for (const row of document.querySelectorAll('#rows tr')) row.old = true")
    stage.send(delta(2, atm_strike=26_050.0, underlying_price=26_055.0), clock(100))
    index(page, "26,055.00")
    rows = page.evaluate(
        "[...document.querySelectorAll('#rows tr')].map((r) => [+r.dataset.strike, !!r.old])"
    )
    assert [strike for strike, _ in rows] == [25_800 + 50 * n for n in range(11)]
    assert [strike for strike, old in rows if not old] == [26_300]
    assert page.locator("tr.atm th").inner_text() == "26,050"
    assert page.locator('tr[data-strike="26300"] td.ce.oi').inner_text() == "6,500"


def test_rows_do_not_move_under_a_still_pointer(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(20))
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#range", "5")
    answered(page)
    page.hover('tr[data-strike="25900"] td.ce.ltp')
    before = page.locator('tr[data-strike="25900"]').bounding_box()
    stage.send(delta(2, atm_strike=26_100.0, underlying_price=26_105.0), clock(100))
    index(page, "26,105.00")
    assert page.locator('tr[data-strike="25900"]').bounding_box() == before
    assert page.locator("tr.atm th").inner_text() == "26,100"
    page.mouse.move(5, 5)
    page.wait_for_selector('#rows tr[data-strike="26350"]', state="attached")
    assert page.locator("#rows tr").count() == 11


def test_the_money_can_be_called_for_while_the_pointer_holds_the_rows(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(20))
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#range", "5")
    answered(page)
    page.hover('tr[data-strike="25900"] td.ce.ltp')
    stage.send(delta(2, atm_strike=26_500.0, underlying_price=26_505.0), clock(100))
    index(page, "26,505.00")
    page.wait_for_selector("#centre:not([hidden])")
    page.keyboard.press("c")
    page.wait_for_selector("tr.atm")
    assert page.locator("tr.atm th").inner_text() == "26,500"


def test_a_dash_tells_its_reason_to_the_keyboard(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert page.locator('#chain [tabindex="0"]').count() == 1
    page.locator('#chain [tabindex="0"]').focus()
    assert page.locator("#explanation").inner_text().startswith("Strike 26,000, at the money")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    focused = page.locator("#chain :focus")
    assert focused.get_attribute("class") == "ce p5 shift unknown"
    assert focused.get_attribute("aria-describedby") == "explanation"
    said = page.locator("#explanation").inner_text()
    assert said.startswith(
        "26,000 CE: change over 5 minutes unknown: no snapshot 5 minutes earlier"
    )
    page.keyboard.press("ArrowDown")
    assert page.locator("#explanation").inner_text().startswith("26,050 CE")
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    assert "filled from 10 %" in page.locator("#explanation").inner_text()


def test_the_cell_in_hand_stays_in_hand_when_its_figures_change(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.click("tr.atm td.ce.oi")
    stage.send(delta(2, (26_000, "CE", {"oi": 7150}), underlying_price=26_011.0), clock(100))
    index(page, "26,011.00")
    assert page.locator("#chain :focus").inner_text() == "7,150"
    page.mouse.move(5, 5)
    assert page.locator("#explanation").inner_text() == "26,000 CE: OI 7,150 = 110 lots"


def test_the_strike_at_the_money_stays_centred_until_the_trader_scrolls(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(60))
    page = stage.open()
    page.wait_for_selector("tr.atm")
    off = """(() => {
      const middle = (n) => { const r = n.getBoundingClientRect(); return (r.top + r.bottom) / 2; };
      return middle(document.querySelector("tr.atm")) - middle(document.querySelector("#scroller"));
    })()"""
    assert abs(page.evaluate(off)) < 40
    stage.send(delta(2, atm_strike=26_500.0, underlying_price=26_505.0), clock(100))
    page.wait_for_selector('tr.atm[data-strike="26500"]')
    assert abs(page.evaluate(off)) < 40
    page.hover("#scroller")
    page.mouse.wheel(0, -2000)
    page.wait_for_selector("#centre:not([hidden])")
    page.click("#centre")
    page.wait_for_selector("#centre[hidden]", state="attached")
    assert abs(page.evaluate(off)) < 40


_WHOLE = """
[...document.querySelectorAll("#rows tr")]
  .filter((row) => row.querySelector("[data-side]")).map((row) => Number(row.dataset.strike))
"""


def wide(staged: Staged) -> "Page":
    """A chain of 321 strikes, as wide as the widest with room to spare."""
    stage = staged()
    stage.first = full(contracts=legs(160))
    stage.page.goto(ORIGIN)
    stage.page.wait_for_selector("body:not([data-unready]) tr.atm")
    return stage.page


def test_lines_far_from_sight_hold_their_strike_alone_until_they_come_near(staged: Staged) -> None:
    page = wide(staged)
    whole = page.evaluate(_WHOLE)
    assert page.locator("#rows tr").count() == 321
    assert min(whole) <= 25_400
    assert max(whole) >= 26_600
    assert len(whole) < 80
    heights = page.evaluate(
        "[...document.querySelectorAll('#rows tr')].map((row) => row.offsetHeight)"
    )
    assert set(heights) == {24}
    widths = "[...document.querySelectorAll('#chain thead th')].map((head) => head.offsetWidth)"
    before = page.evaluate(widths)
    page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    page.wait_for_selector('[data-strike="18000"] td.ce.oi')
    first = page.locator('[data-strike="18000"]')
    assert first.locator("td.ce.oi").inner_text() == "6,500"
    assert first.locator("td.pe.ltp").inner_text() == "100.25"
    assert "below" in (first.get_attribute("class") or "")
    assert page.evaluate(widths) == before
    assert len(page.evaluate(_WHOLE)) < 80


def test_a_line_that_was_far_shows_the_figures_of_now(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(160))
    page = stage.open()
    page.wait_for_selector("body:not([data-unready]) tr.atm")
    stage.send(delta(2, (18_000, "CE", {"oi": 7150}), underlying_price=26_011.0), clock(100))
    index(page, "26,011.00")
    page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    page.wait_for_selector('[data-strike="18000"] td.ce.oi:text-is("7,150")')
    # the line at the money is far now, and comes back with what was said meanwhile
    stage.send(delta(3, (26_000, "CE", {"oi": 7150}), underlying_price=26_012.0), clock(100))
    index(page, "26,012.00")
    page.keyboard.press("c")
    page.wait_for_selector('tr.atm td.ce.oi:text-is("7,150")')


def test_paper_shows_every_line_whole(staged: Staged) -> None:
    page = wide(staged)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(page.evaluate(_WHOLE)) == 321
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(page.evaluate(_WHOLE)) < 80


def test_the_arrow_keys_walk_beyond_what_is_near(staged: Staged) -> None:
    page = wide(staged)
    page.click("tr.atm td.ce.oi")
    # faster than the page scrolls
    page.evaluate(
        """for (let n = 0; n < 6; n += 1) {
          document.activeElement.dispatchEvent(new KeyboardEvent(
            "keydown", { key: "PageDown", bubbles: true, cancelable: true }));
        }"""
    )
    focused = page.locator("#chain :focus")
    assert focused.inner_text() == "6,500"
    assert focused.evaluate("(cell) => cell.parentElement.dataset.strike") == "29000"
    # its line stays whole though it goes out of sight
    page.keyboard.press("c")
    page.wait_for_selector("tr.atm td.ce.oi")
    assert 29_000 in page.evaluate(_WHOLE)
    assert focused.inner_text() == "6,500"


def test_another_chain_takes_the_lines_over_with_nothing_of_the_one_before(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(40, oi=1_000_000))
    page = stage.open()
    page.wait_for_selector("body:not([data-unready]) tr.atm")
    page.evaluate("for (const row of document.querySelectorAll('#rows tr')) row.old = true")
    other = full("BSE", 5, legs(60, oi=2000), atm_strike=26_500.0, max_pain=None)
    stage.on_follow = lambda one, wanted: one.send(other) if "BSE" in wanted else None
    page.keyboard.press("2")
    page.wait_for_selector('tr.atm[data-strike="26500"] td.ce.oi:text-is("2,000")')
    rows = page.evaluate(
        """[...document.querySelectorAll("#rows tr")].map((row) => [
          Number(row.dataset.strike), row.querySelector("th").textContent.replace(",", ""),
          [...row.querySelectorAll("td.oi")].map((cell) => cell.textContent).join(" "),
        ])"""
    )
    assert [strike for strike, _, _ in rows] == [23_000 + 50 * n for n in range(121)]
    assert all(float(text) == strike for strike, text, _ in rows)
    assert {oi for _, _, oi in rows} == {"", "2,000 2,000"}
    assert page.locator("tr.max-pain").count() == 0
    assert page.evaluate("[...document.querySelectorAll('#rows tr')].some((row) => row.old)")


_COUNT_LAYOUTS = """
window.asked = [];
const watched = [
  [Element.prototype, ["clientWidth", "clientHeight", "scrollTop", "scrollLeft", "scrollWidth"]],
  [HTMLElement.prototype, ["offsetTop", "offsetWidth", "offsetHeight", "offsetParent"]],
];
for (const [owner, names] of watched) for (const name of names) {
  const { get, ...rest } = Object.getOwnPropertyDescriptor(owner, name);
  const counted = { ...rest, get() { window.asked.push(name); return get.call(this); } };
  Object.defineProperty(owner, name, counted);
}
const real = Element.prototype.getBoundingClientRect;
Element.prototype.getBoundingClientRect = function () {
  window.asked.push("getBoundingClientRect");
  return real.call(this);
};
"""
# ten frames in which nothing asked
_UNTIL_AT_REST = """
new Promise((rested) => {
  let [seen, calm] = [-1, 0];
  const look = () => {
    calm = window.asked.length === seen ? calm + 1 : 0;
    seen = window.asked.length;
    if (calm < 10) requestAnimationFrame(look);
    else rested();
  };
  look();
})
"""


def test_new_figures_ask_for_no_layout_of_their_own(staged: Staged) -> None:
    """What is written is laid out once, with the frame: nothing is read back in between."""
    stage = staged()
    stage.first = full(contracts=legs(40))
    stage.days["NSE"] = a_day()
    stage.series = dict(SERIES)
    stage.page.add_init_script(_COUNT_LAYOUTS)
    page = stage.open()
    page.wait_for_selector("body:not([data-unready]) tr.atm")
    page.wait_for_selector("#panel-charts canvas")
    stage.send(delta(2, underlying_price=26_009.0), clock(100))
    index(page, "26,009.00")
    # charts that are drawn for the first time measure themselves
    page.locator("#panel-charts canvas").nth(2).wait_for()
    page.evaluate(_UNTIL_AT_REST)
    assert page.evaluate("window.asked.splice(0).length") > 0
    for n in range(3, 7):
        changed = {"ltp": 100.0 + n, "oi": 6500 + n, "pct_3m": n / 10}
        stage.send(
            delta(n, (26_000, "CE", changed), underlying_price=26_010.0 + n, pcr=1 + n / 100),
            clock(100),
        )
        index(page, f"26,01{n}.00")
    assert page.evaluate("window.asked") == []
