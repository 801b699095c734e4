"""What is found faster: breaches, support and resistance, the close before; and comfort."""

from typing import Any

from tests.web.page.conftest import Staged
from tests.web.page.stage import (
    AT,
    NOW_MS,
    Stage,
    a_leg,
    answered,
    clock,
    comparison,
    delta,
    full,
    legs,
)

BREACHES = ".breaches li button"
CLOSE = "2026-07-31T15:29:30+05:30"


def told(strike: float, side: str, minutes: int, pct: float, ago_s: float) -> list[Any]:
    return [NOW_MS - int(ago_s * 1000), strike, side, minutes, pct, 650]


def listed(stage: Stage) -> list[list[str]]:
    rows = stage.page.locator(BREACHES)
    return [rows.nth(i).locator("span").all_inner_texts() for i in range(rows.count())]


def test_breaches_of_before_and_of_now_are_one_list_that_leads_to_the_strike(
    staged: Staged,
) -> None:
    stage = staged()
    stage.first = full(contracts=legs(60, pct_5m=2.0, oi_5m=130))
    fields = ["at", "strike", "side", "minutes", "pct", "units"]
    stage.breaches = {"fields": fields, "breaches": [told(25_000, "PE", 3, -9.5, 600)]}
    page = stage.open()
    page.wait_for_selector("tr.atm")
    same = {"pct_5m": 11.0}
    news = {"pct_5m": 12.5, "oi_5m": 800, "oi": 7300}
    stage.send(delta(2, (26_050, "CE", same), (28_000, "CE", news)), clock(100))
    page.wait_for_selector('#tab-breaches .badge:text-is("1")')
    page.click("#tab-breaches")
    page.wait_for_selector(f"{BREACHES} >> nth=1")
    assert (
        listed(stage)
        == [
            ["11:00:00", "28,000 CE", "Δ5", "+12.5 %", "+800"],
            ["11:00:00", "25,000 PE", "Δ3", "−9.5 %", "+650"],
        ]
        or listed(stage)[1][1] == "25,000 PE"
    )
    assert page.locator("#tab-breaches .badge").inner_text() == ""
    page.locator(BREACHES).first.click()
    focused = page.locator("#chain :focus")
    assert focused.get_attribute("data-column") == "p5"
    assert page.evaluate("document.activeElement.parentElement.dataset.strike") == "28000"
    # still beyond, and a crossing back: neither is news
    stage.send(delta(3, (28_000, "CE", {"pct_5m": 13.0, "oi": 7400})), clock(100))
    stage.send(delta(4, (28_000, "CE", {"pct_5m": 3.0, "oi": 6600}), pcr=3.0), clock(100))
    page.wait_for_selector('[data-fact="pcr"]:text-is("3.00")')
    assert len(listed(stage)) == 2


def test_only_a_change_of_its_own_oi_lights_a_cell_up(staged: Staged) -> None:
    stage = staged()
    stage.page.add_init_script(
        """window.faded = [];
        Element.prototype.animate = function () { window.faded.push(this.dataset.column); };"""
    )
    page = stage.open()
    page.wait_for_selector("tr.atm")
    # the exchange's step left the span: 8.5 % became 0 and back, and OI stood still
    for sequence, pct in ((2, 8.5), (3, 0.0), (4, 8.5)):
        beat = {"pct_3m": pct, "oi_3m": int(65 * pct), "pct_5m": pct / 2}
        stage.send(delta(sequence, (26_000, "CE", beat), pcr=float(sequence)), clock(100))
    page.wait_for_selector('[data-fact="pcr"]:text-is("4.00")')
    assert page.evaluate("faded") == []
    stage.send(delta(5, (26_000, "CE", {"oi": 6565, "oi_at": NOW_MS}), pcr=5.0), clock(100))
    page.wait_for_selector('[data-fact="pcr"]:text-is("5.00")')
    assert page.evaluate("faded") == ["oi"]
    page.hover("tr.atm td.ce.p3")
    assert page.locator("#explanation").inner_text().endswith("; last changed at 11:00:00")


def test_support_and_resistance_are_marked_and_in_the_head_line(staged: Staged) -> None:
    stage = staged()
    held = {(25_900, "PE"): 900, (25_950, "PE"): 800, (26_100, "CE"): 700, (26_050, "CE"): 950}
    held |= {(26_100, "PE"): 5_000, (25_900, "CE"): 5_000}
    contracts = [
        a_leg(strike, side, oi=held.get((strike, side), 10))
        for strike in map(float, range(25_800, 26_250, 50))
        for side in ("CE", "PE")
    ]
    stage.first = full(contracts=contracts)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert stage.fact("levels") == "25,900 / 26,050"
    marked = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll("[data-level]")].map(
          (cell) => [cell.dataset.level, Number(cell.parentElement.dataset.strike)]))"""
    )
    assert marked == {"S1": 25_900, "S2": 25_950, "R1": 26_050, "R2": 26_100}
    page.hover('tr[data-strike="26050"] td.ce.oi')
    assert "resistance: most call OI" in page.locator("#explanation").inner_text()


def test_the_close_before_stands_beside_todays_ratios(staged: Staged) -> None:
    stage = staged()
    stage.first = full(prev_close_at=CLOSE)
    stage.comparisons["NSE", "close"] = comparison(
        at=CLOSE, expiry="2026-08-04", pcr=1.5, pcr_volume=0.75, max_pain=25_900.0
    )
    page = stage.open()
    page.wait_for_selector('[data-fact="pcr_before"]:text-is("was 1.50")')
    assert stage.fact("pcr_volume_before") == "was 0.75"
    assert stage.fact("max_pain_before") == "was 25,900"
    assert stage.fact("baseline") == "Fri 31 Jul"
    page.locator('[data-for="max_pain"]').focus()
    said = page.locator("#explanation").inner_text()
    assert said.endswith("full chain, 9 strikes; 25,900 at the close of Fri 31 Jul 2026")


def test_without_an_earlier_day_nothing_stands_there_and_the_reason_is_told(
    staged: Staged,
) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    stage.until(lambda: len(stage.compared) == 1)
    assert stage.fact("pcr_before") == ""
    assert stage.fact("baseline") == "–"
    page.locator('[data-for="baseline"]').focus()
    assert "no earlier day is stored" in page.locator("#explanation").inner_text()


def test_single_keys_can_be_turned_off_and_stay_off(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.click("#help")
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    for key in ("2", "a", "?", "o"):
        page.keyboard.press(key)
    assert page.locator("dialog[open]").count() == 0
    assert page.locator('[aria-current="page"]').inner_text() == "NIFTY"
    assert page.locator("#unit").input_value() == "pct"
    page.reload()
    page.wait_for_selector("tr.atm")
    page.keyboard.press("a")
    assert page.locator("#unit").input_value() == "pct"
    page.locator("#chain [tabindex='0']").focus()
    page.keyboard.press("Home")
    assert page.locator("#chain :focus").get_attribute("data-column") == "oi"


def test_colours_are_the_other_ones_then_fixed_then_the_systems(staged: Staged) -> None:
    page = staged(color_scheme="dark").open()
    page.wait_for_selector("tr.atm")
    chosen = "document.documentElement.dataset.theme ?? 'system'"
    seen = []
    for _ in range(4):
        page.keyboard.press("t")
        answered(page)
        seen.append(page.evaluate(chosen))
    assert seen == ["light", "dark", "system", "light"]
    page.keyboard.press("t")
    page.keyboard.press("t")
    page.reload()
    assert page.evaluate(chosen) == "system"


def test_a_tab_that_is_pointed_at_is_there_when_it_is_chosen(staged: Staged) -> None:
    stage = staged()

    def answer(stage: Stage, wanted: dict[str, Any]) -> None:
        if wanted.get("BSE", 0) is None:
            stage.send(full("BSE", 7, underlying_price=86_000.0), clock(100, exchange="BSE"))

    stage.on_follow = answer
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.hover('[data-exchange="BSE"]')
    stage.until(lambda: any("BSE" in wanted for wanted in stage.follows))
    stage.recording("#health")
    page.wait_for_function("() => true")
    stage.until(lambda: stage.follows[-1].keys() == {"NSE", "BSE"})
    page.click('[data-exchange="BSE"]')
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("86,000.00")')
    assert stage.follows[-1]["BSE"] == 7, "what is here is not asked for again"


def test_on_paper_stands_the_whole_chain_and_its_time(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(60))
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.emulate_media(media="print")
    assert page.locator(".tools").is_hidden()
    assert page.locator("#side").is_hidden()
    assert page.locator('[data-fact="market_time"]').is_visible()
    rows = page.evaluate("document.querySelector('#rows').getBoundingClientRect().height")
    whole = page.evaluate("document.querySelector('#scroller').getBoundingClientRect().height")
    assert whole > rows > 121 * 10
    assert AT[11:19] in page.locator(".foot").inner_text()
