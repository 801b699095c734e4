"""Rows that stay, cells that fade for a reason, and a reason for each dash."""

from typing import TYPE_CHECKING

from tests.web.page.conftest import Staged
from tests.web.page.stage import clock, delta, full, legs

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
