"""Columns: any, in any order, remembered, carried by the address, sorted by and exported."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import norm

from app.analytics.black_scholes import RATE, greeks
from tests.web.page.conftest import Staged
from tests.web.page.stage import AT, Stage, a_leg, answered, clock, comparison, delta, full, legs

if TYPE_CHECKING:
    from playwright.sync_api import Page

EVERY = (
    "oi.p3.p5.p10.p15.p30.q3.q5.q10.q15.q30.day.qday.build.oiat.volume.iv.ltp.chg.chgp.bid.ask."
    "bidq.askq.spread.spreadp.imb.delta.gamma.theta.vega.theo.diff"
)
CLOSE = "2026-07-31T15:29:30+05:30"


def keys(page: "Page", side: str) -> list[str]:
    """The columns of a side from left to right."""
    found: list[str] = page.evaluate(
        "side => [...document.querySelectorAll(`thead th[data-side=${side}]`)]"
        ".map((heading) => heading.dataset.column)",
        side,
    )
    return found


def strikes(page: "Page") -> list[int]:
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('#rows tr')].map((row) => Number(row.dataset.strike))"
    )
    return found


def opened(staged: Staged, path: str = "/", **summary: Any) -> Stage:
    stage = staged()
    stage.first = full(contracts=legs(prev_close_oi=6000), prev_close_at=CLOSE, **summary)
    stage.comparisons["NSE", "close"] = comparison(
        {(26_000.0, "CE"): 90.25, (26_000.0, "PE"): 110.25}, at=CLOSE, expiry="2026-08-04", pcr=1.5
    )
    stage.open(path)
    stage.page.wait_for_selector("tr.atm")
    return stage


def cell(page: "Page", key: str, side: str = "ce") -> str:
    return page.locator(f"tr.atm td.{side}.{key}").inner_text()


def test_every_column_can_stand_on_either_side_in_any_order(staged: Staged) -> None:
    stage = opened(staged, f"/?cols={EVERY}_vega.oi")
    page = stage.page
    assert keys(page, "CE") == EVERY.split(".")
    assert keys(page, "PE") == ["vega", "oi"]
    page.wait_for_selector('tr.atm td.ce.chg:text-is("+10.00")')
    wanted = {
        "oi": "6,500",
        "p3": "+1.5",
        "q3": "+96",
        "day": "+8.3",
        "qday": "+500",
        "build": "long",
        "chgp": "+11.1",
        "bid": "100.20",
        "ask": "100.30",
        "bidq": "650",
        "spread": "0.10",
        "spreadp": "0.1",
        "imb": "+0.67",
        "theo": "100.00",
        "diff": "+0.25",
        "oiat": "–",
    }
    assert {key: cell(page, key) for key in wanted} == wanted
    # many columns never cut a figure, and the strikes stay in sight beside them
    assert (
        page.evaluate(
            """[...document.querySelectorAll("#chain td")].filter(
          (cell) => cell.offsetWidth && cell.scrollWidth > cell.clientWidth).length"""
        )
        == 0
    )
    page.locator("#scroller").evaluate("(place) => { place.scrollLeft = 0; }")
    box = page.locator("tr.atm th.strike").bounding_box()
    assert box
    assert box["x"] + box["width"] < 1440


def test_columns_are_chosen_by_keyboard_and_remembered(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    before = keys(page, "CE")
    page.keyboard.press("o")
    page.wait_for_selector("#columns[open]")
    page.locator('#columns [data-side="CE"] [data-key="vega"] input').focus()
    page.keyboard.press("Space")
    assert keys(page, "CE") == [*before, "vega"]
    assert keys(page, "PE") == ["vega", *reversed(before)]
    page.locator('#columns [data-key="vega"] [data-act="left"]').focus()
    page.keyboard.press("Enter")
    assert keys(page, "CE") == [*before[:-1], "vega", before[-1]]
    assert page.evaluate("document.activeElement.closest('li').dataset.key") == "vega"
    page.locator('#columns [data-key="oi"] input').uncheck()
    chosen = [*before[1:-1], "vega", before[-1]]
    assert keys(page, "CE") == chosen
    assert f"cols={'.'.join(chosen)}" in page.url
    page.keyboard.press("Escape")
    stage.follows.clear()
    page.goto("http://localhost/")
    page.wait_for_selector("tr.atm")
    assert keys(page, "CE") == chosen
    page.keyboard.press("2")
    page.wait_for_selector('[aria-current="page"]:text-is("SENSEX")')
    page.keyboard.press("1")
    page.keyboard.press("o")
    page.click("#columns-reset")
    assert keys(page, "CE") == before
    assert "cols=" not in page.url


def test_the_puts_follow_the_calls_until_they_are_let_go(staged: Staged) -> None:
    page = opened(staged).page
    page.click("#columns-open")
    page.uncheck("#mirror")
    for key in ("p3", "p5", "p10", "p15", "p30", "volume"):
        page.locator(f'#columns [data-side="PE"] [data-key="{key}"] input').uncheck()
    assert keys(page, "PE") == ["ltp", "iv", "oi"]
    assert keys(page, "CE")[0] == "oi"
    assert len(keys(page, "CE")) == 9
    page.drag_and_drop(
        '#columns [data-side="PE"] [data-key="oi"]', '#columns [data-side="PE"] [data-key="ltp"]'
    )
    assert keys(page, "PE") == ["oi", "ltp", "iv"]
    page.check("#mirror")
    assert keys(page, "PE") == list(reversed(keys(page, "CE")))


def test_a_senseless_choice_of_columns_leaves_the_delivered_ones(staged: Staged) -> None:
    page = opened(staged, "/?cols=nothing.%3Cb%3E_").page
    assert keys(page, "CE") == ["oi", "p3", "p5", "p10", "p15", "p30", "volume", "iv", "ltp"]


def test_a_click_on_a_heading_sorts_and_escape_returns(staged: Staged) -> None:
    stage = staged()
    contracts = [
        a_leg(strike, side, oi=oi)
        for strike, oi in ((25_900.0, 30), (25_950.0, None), (26_000.0, 10), (26_050.0, 20))
        for side in ("CE", "PE")
    ]
    stage.first = full(contracts=contracts)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.click("thead th.ce.oi")
    assert strikes(page) == [25_900, 26_050, 26_000, 25_950]
    assert page.get_attribute("thead th.ce.oi", "aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert strikes(page) == [26_000, 26_050, 25_900, 25_950], "what is unknown stays last"
    page.keyboard.press("Escape")
    assert strikes(page) == [25_900, 25_950, 26_000, 26_050]
    assert page.get_attribute("thead th.ce.oi", "aria-sort") is None
    assert page.locator("tr.atm th").inner_text() == "26,000"


def test_rows_can_be_those_beyond_a_threshold_or_of_much_oi(staged: Staged) -> None:
    stage = staged()
    contracts = legs(6)
    contracts[2] |= {"pct_10m": -10.0, "oi_10m": -900}
    contracts[5] |= {"pct_3m": 8.0}
    contracts[7] |= {"pct_30m": 24.9, "oi": 2_000_000}
    stage.first = full(contracts=contracts)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#filter", "beyond")
    answered(page)
    assert strikes(page) == [25_750, 25_800]
    page.select_option("#filter", "moved 10")
    answered(page)
    assert strikes(page) == [25_750]
    page.select_option("#filter", "held")
    page.fill("#least", "15")
    answered(page)
    assert strikes(page) == [25_850]
    page.select_option("#filter", "")
    answered(page)
    assert len(strikes(page)) == 13


def test_build_up_is_named_by_price_and_open_interest(staged: Staged) -> None:
    stage = staged()
    contracts = [
        a_leg(26_000.0 + 50 * i, "CE", ltp=ltp, oi=oi, prev_close_oi=100)
        for i, (ltp, oi) in enumerate([(11, 110), (9, 110), (11, 90), (9, 90), (10, 90), (9, None)])
    ]
    stage.first = full(contracts=contracts, prev_close_at=CLOSE)
    stage.comparisons["NSE", "close"] = comparison(
        {(leg["strike"], "CE"): 10.0 for leg in contracts}, at=CLOSE, expiry="2026-08-04"
    )
    page = stage.open("/?cols=build.ltp")
    page.wait_for_selector('td.ce.build:text-is("long")')
    said = page.locator("#rows td.ce.build").all_inner_texts()
    assert said == ["long", "short", "cover", "unwind", "=", "–"]
    page.hover("#rows tr:nth-child(3) td.ce.build")
    explanation = page.locator("#explanation").inner_text()
    assert "short covering: price up, open interest down since the close of Fri 31 Jul" in (
        explanation
    )
    page.hover("#rows tr:nth-child(6) td.ce.build")
    assert page.locator("#explanation").inner_text().endswith("then or now is missing")


def test_a_price_is_compared_with_the_same_contract_alone(staged: Staged) -> None:
    stage = staged()
    stage.first = full(prev_close_at=CLOSE)
    gone = {(26_000.0, "CE"): 90.25}
    stage.comparisons["NSE", "close"] = comparison(gone, at=CLOSE, expiry="2026-07-28", pcr=1.25)
    page = stage.open("/?cols=chg.ltp")
    page.wait_for_selector('[data-fact="pcr_before"]:text-is("was 1.25")')
    assert cell(page, "chg") == "–"
    page.hover("tr.atm td.ce.chg")
    assert "this contract was not in the chain" in page.locator("#explanation").inner_text()


def test_earlier_prices_are_asked_for_by_who_shows_them_alone(staged: Staged) -> None:
    stage = opened(staged)
    stage.until(lambda: len(stage.compared) > 0)
    assert stage.compared == ["/api/comparison/NSE?with=close"]
    stage.comparisons["NSE", "5"] = comparison({(26_000.0, "CE"): 99.25}, at=AT)
    stage.page.keyboard.press("o")
    stage.page.locator('#columns [data-key="chg"] input').check()
    stage.page.select_option("#span", "5")
    stage.page.wait_for_selector('tr.atm td.ce.chg:text-is("+1.00")')
    assert stage.compared[1:] == ["/api/comparison/NSE?with=5"]


def test_what_is_shown_is_exported_for_spreadsheets(staged: Staged, tmp_path: Path) -> None:
    stage = opened(staged, "/?cols=oi.p3.build.oiat.ltp", underlying_name="=NIFTY, 50")
    page = stage.page
    page.wait_for_selector('tr.atm td.ce.build:text-is("long")')
    page.select_option("#lots", "lots")
    page.select_option("#range", "5")
    answered(page)
    page.click("thead th.ce.ltp")
    with page.expect_download() as waiting:
        page.keyboard.press("e")
    assert waiting.value.suggested_filename == "NSE_2026-08-03T110000_shown.csv"
    raw = Path(waiting.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    about, heading, *rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert about == ["'=NIFTY, 50", "2026-08-04", AT, "lots of 65", "live"]
    assert heading[:6] == ["CE OI lots", "CE Δ3", "CE Build-up", "CE OI at", "CE LTP", "Strike"]
    assert len(rows) == len(strikes(page))
    money = next(row for row in rows if row[5] == "26000")
    assert money[:6] == ["100", "1.5", "long", "", "100.25", "26000"]
    assert money[-1] == "200"


@pytest.mark.parametrize(
    ("convention", "level", "rate"), [("forward", 26_040.25, 0.0), ("spot", 26_010.0, RATE)]
)
def test_greeks_are_those_of_the_collector_to_the_digits_shown(
    staged: Staged, convention: str, level: float, rate: float
) -> None:
    stage = staged()
    contracts = [
        a_leg(strike, side, iv=iv + 1, iv_forward=iv)
        for strike, iv in ((25_000.0, 18.1), (26_000.0, 10.5), (26_050.0, 9.7), (27_500.0, 21.3))
        for side in ("CE", "PE")
    ]
    stage.first = full(contracts=contracts)
    page = stage.open("/?cols=delta.gamma.theta.vega")
    page.wait_for_selector("tr.atm")
    page.select_option("#iv", convention)
    answered(page)
    years = (28 * 3600 + 40 * 60) / (365 * 24 * 3600)
    for leg in contracts:
        volatility = leg["iv_forward" if convention == "forward" else "iv"] / 100
        wanted = greeks(leg["side"] == "CE", level, leg["strike"], years, volatility, rate)
        for name, digits in (("delta", 2), ("gamma", 5), ("theta", 2), ("vega", 2)):
            shown = page.locator(
                f'tr[data-strike="{leg["strike"]:.0f}"] td.{leg["side"].lower()}.{name}'
            ).inner_text()
            value = float(shown.replace("−", "-"))
            assert value == pytest.approx(float(getattr(wanted, name)), abs=0.51 * 10**-digits)


def test_greeks_of_the_last_minute_are_grouped_and_nothing_has_a_sign(staged: Staged) -> None:
    stage = staged()
    stage.first = full(
        contracts=[a_leg(26_000.0, "CE", iv_forward=90.0), a_leg(24_000.0, "PE", iv_forward=90.0)],
        last_update="2026-08-04T15:39:00+05:30",
    )
    page = stage.open("/?cols=delta.theta")
    page.wait_for_selector("tr.atm")
    years = 60 / (365 * 24 * 3600)
    theta = float(greeks(True, 26_040.25, 26_000.0, years, 0.9, 0.0).theta)
    assert -10_000 < theta < -1_000
    assert page.locator("tr.atm td.ce.theta").inner_text() == f"−{-theta:,.2f}"
    far = page.locator('tr[data-strike="24000"] td.pe')
    assert [far.nth(n).inner_text() for n in range(2)] == ["0.00", "0.00"]


def test_the_normal_distribution_of_the_page_is_right_to_fourteen_digits(staged: Staged) -> None:
    page = staged().open()
    points = np.linspace(-12, 12, 481).tolist()
    found = page.evaluate(
        """async (points) => {
          const { normal } = await import("/front/chain/greeks.js");
          return points.map(normal);
        }""",
        points,
    )
    np.testing.assert_allclose(found, norm.cdf(points), rtol=1e-12, atol=1e-15)


def test_greeks_follow_the_forward_though_their_leg_is_the_same(staged: Staged) -> None:
    stage = staged()
    page = stage.open("/?cols=delta.ltp")
    page.wait_for_selector("tr.atm")
    before = cell(page, "delta")
    stage.send(delta(2, forward=26_400.0, underlying_price=26_370.0), clock(100))
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,370.00")')
    assert float(cell(page, "delta")) > float(before)


def test_no_figure_of_a_hidden_column_is_computed_or_sent(staged: Staged) -> None:
    stage = opened(staged)
    assert stage.page.evaluate("document.querySelectorAll('td.gamma').length") == 0
    sent = set(stage.first["fields"]) if stage.first else set()
    assert not {"gamma", "theta", "vega", "spread", "order_book_imbalance"} & sent
