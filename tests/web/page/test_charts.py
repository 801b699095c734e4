"""Charts are drawn when they are seen and differ, at most once in three seconds, and truly."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.paths import ROOT
from tests.web.page.charts import (
    SERIES,
    a_day,
    canvas,
    figure,
    readout,
    wait_for_reading,
    with_charts,
)
from tests.web.page.conftest import Staged
from tests.web.page.stage import AT, Stage, a_leg, clock, delta, full, legs, no_day
from tests.web.page.test_access import AXE, VIOLATIONS

if TYPE_CHECKING:
    from playwright.sync_api import Page

# a chart of each kind, with what is read of it without a cursor
READS = {
    "oi": "26,000 · CE OI 6,500 · CE Δ – · PE OI 13.0 k · PE Δ –",
    "change": "26,000 · CE ΔOI +96 · PE ΔOI +96",
    "pcr": "11:00 · PCR 2.00 · of volume 1.00 · index 26,010.00",
    "smile": "26,050 · CE 10.5 · close of 31 Jul 10.0",
    "straddle": "11:00 · straddle 200.50 · of 26,000 · index 26,010.00",
    "contract": "11:00 · 26,000 CE OI 6,500 · LTP 100.25 · IV spot 10 % 11.5",
    "pain": "11:00 · max pain 26,000 · forward 26,040.00 · index 26,010.00",
    "premium": "11:00 · premium of the future +90.00 · ATM IV % 10.5",
    "gamma": "26,000 · net 10.0 Cr · CE 50.0 Cr · PE −40.0 Cr",
    "heat": "11:00 · 26,000 CE OI 310",
    "days": "2026-08-03 · CE OI 12.0 L · PE OI 12.0 L · PCR 1.00 · index 26,010.00",
}


def drawn(page: "Page", name: str = "oi") -> int:
    return int(page.evaluate("window.drawn").get(name, 0))


def happens(stage: Stage, what: str) -> None:
    """Let the browser go on until an expression holds; its own waiting is against our policy."""
    stage.until(lambda: bool(stage.page.evaluate(what)))


def draws(stage: Stage, name: str = "oi") -> None:
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
    with_charts(stage)
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
    assert drawn(page, "smile") == 0
    page.locator(figure("smile")).scroll_into_view_if_needed()
    draws(stage, "smile")


def test_the_pointer_on_a_chart_draws_nothing_anew(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    draws(stage)
    before = drawn(page)
    box = canvas(page, "oi")
    page.mouse.move(box["x"] + 10, box["y"] + 60)
    wait_for_reading(page, "oi", "25,800")
    page.clock.run_for(1000)
    assert drawn(page) == before


@pytest.mark.parametrize("name", READS)
def test_every_chart_is_drawn_and_read(staged: Staged, name: str) -> None:
    stage = staged()
    others = [key for key in ("oi", "pcr", "smile", "days") if key != name][:2]
    page = with_charts(stage, name, *others)
    if name == "change":
        page.select_option(f'{figure(name)} [data-option="over"]', "3")
    happens(stage, f"window.drawn.{name} > 0")
    stage.until(lambda: readout(page, name) == READS[name])
    assert page.locator(f"{figure(name)} .none").is_hidden()
    inked = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0);
    }"""
    assert page.locator(f"{figure(name)} canvas").evaluate(inked)


def test_marks_stand_between_the_right_strikes_where_these_are_uneven(staged: Staged) -> None:
    stage = staged()
    strikes = [25_000.0, 25_500.0, 25_900.0, 26_000.0, 26_100.0, 27_000.0]
    stage.first = full(
        contracts=[a_leg(strike, side) for strike in strikes for side in ("CE", "PE")],
        max_pain=26_100.0,
        underlying_price=25_950.0,
    )
    page = with_charts(stage)
    happens(stage, "window.texts.some((one) => one.text === 'max pain')")
    boxes = page.evaluate("boxes.filter((one) => one.chart === 'oi').map(({ x }) => x)")
    puts = boxes[len(boxes) // 2 :]
    assert len(puts) == len(strikes)
    at = "texts.find((one) => one.chart === 'oi' && one.text === '{}').x"
    beside = 4.5
    assert abs(page.evaluate(at.format("max pain")) - beside - puts[4]) < 1
    assert abs(page.evaluate(at.format("index")) - beside - (puts[2] + puts[3]) / 2) < 1


def test_the_axis_of_the_day_is_the_one_that_the_server_names(staged: Staged) -> None:
    stage = staged()
    stage.first = full(last_update="2025-10-21T14:00:00+05:30")
    page = with_charts(stage)
    stage.days["NSE"] = no_day(
        day="2025-10-21",
        open="13:45",
        close="14:45",
        minutes=["13:45", "13:46", "14:00"],
        pcr=[0.9, 0.91, 0.92],
        index=[25_900.0, 25_910.0, 25_905.0],
    )
    page.reload()
    happens(stage, "window.texts.some((one) => one.chart === 'pcr' && one.text === '14:45')")
    labels = page.evaluate("texts.filter((one) => one.chart === 'pcr').map((one) => one.text)")
    times = [text for text in labels if ":" in text]
    assert times[0] == "13:45"
    assert times[-1] == "14:45"


def test_the_auction_stands_on_the_axis_of_its_era(staged: Staged) -> None:
    stage = staged()
    with_charts(stage)
    happens(stage, "window.texts.some((one) => one.chart === 'pcr' && one.text === 'auction')")


def test_charts_of_the_day_share_their_cursor(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "pcr", "pain", "oi")
    wait_for_reading(page, "pain", "max pain")
    wait_for_reading(page, "pcr", "PCR")
    box = canvas(page, "pcr")
    page.mouse.move(box["x"] + box["width"] * 0.13, box["y"] + 30)
    wait_for_reading(page, "pcr", "10:0")
    at = readout(page, "pcr").split(" · ")[0]
    assert readout(page, "pain").split(" · ")[0] == at
    assert readout(page, "oi").startswith("26,000")
    page.mouse.move(box["x"] + 5, box["y"] - 60)
    wait_for_reading(page, "pain", "11:00")


def test_a_drag_zooms_and_a_double_click_or_escape_takes_it_back(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage)
    wait_for_reading(page, "pcr", "PCR")
    ticks = (
        "texts.filter((one) => one.chart === 'pcr' && one.text.includes(':'))"
        ".map((one) => one.text).join(' ')"
    )
    whole = page.evaluate(ticks)
    back = f"{ticks} === '{whole}'"

    def zoom() -> None:
        box = canvas(page, "pcr")
        page.mouse.move(box["x"] + box["width"] * 0.05, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 50, steps=4)
        page.mouse.up()
        happens(stage, f"!({back})")

    zoom()
    near = page.evaluate(ticks)
    # new figures leave it as it is
    page.mouse.move(5, 5)
    stage.send(delta(2, pcr=2.5, last_update="2026-08-03T11:01:00+05:30"), clock(100))
    wait_for_reading(page, "pcr", "2.50")
    assert page.evaluate(ticks) == near
    box = canvas(page, "pcr")
    page.mouse.dblclick(box["x"] + 50, box["y"] + 40)
    happens(stage, back)
    zoom()
    page.locator(f"{figure('pcr')} .canvas").focus()
    page.keyboard.press("Escape")
    happens(stage, back)
    page.keyboard.press("+")
    happens(stage, f"!({back})")
    page.keyboard.press("-")
    happens(stage, back)


def test_the_keyboard_reads_a_chart(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "pcr", "heat", "oi")
    wait_for_reading(page, "pcr", "PCR")
    wait_for_reading(page, "heat", "OI")
    field = page.locator(f"{figure('pcr')} .canvas")
    field.focus()
    page.keyboard.press("Home")
    assert (
        field.get_attribute("aria-valuetext") == "9:15, PCR 0.90, of volume 1.10, index 26,000.00"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowLeft")
    assert (field.get_attribute("aria-valuenow"), readout(page, "pcr")[:4]) == ("10", "9:25")
    page.keyboard.press("End")
    assert readout(page, "pcr").startswith("11:00")
    tiles = page.locator(f"{figure('heat')} .canvas")
    tiles.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    assert tiles.get_attribute("aria-valuetext") == "9:15, 26,050 CE OI 100"


def test_a_chart_is_saved_as_picture_and_as_figures(staged: Staged, tmp_path: Path) -> None:
    stage = staged()
    page = with_charts(stage, "pcr", "heat", "oi")
    wait_for_reading(page, "pcr", "PCR")
    with page.expect_download() as picture:
        page.locator(figure("pcr")).get_by_role("button", name="PNG").click()
    assert picture.value.suggested_filename == "NSE_pcr_2026-08-03T110000.png"
    picture.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    for name, heading, last in (
        ("pcr", ["time", "PCR", "of volume", "index"], ["11:00", "2", "1", "26010"]),
        ("heat", ["strike", "9:15", "9:20"], ["26200", "100", "110"]),
        ("oi", ["strike", "CE OI", "CE Δ", "PE OI"], ["26200", "6500", "", "13000"]),
    ):
        with page.expect_download() as table:
            page.locator(figure(name)).get_by_role("button", name="CSV").click()
        table.value.save_as(tmp_path / "chart.csv")
        lines = list(csv.reader((tmp_path / "chart.csv").read_text(encoding="utf-8").splitlines()))
        assert lines[0][: len(heading)] == heading
        assert lines[-1][: len(last)] == last


def test_a_contract_is_charted_from_its_open_interest(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "oi", "pcr", "smile")
    page.click('tr[data-strike="26050"] td.pe.oi')
    page.wait_for_selector(figure("contract"))
    wait_for_reading(page, "contract", "26,050 PE OI")
    stage.until(lambda: "NSE contract strike=26050&side=PE" in stage.asked)
    page.keyboard.press("ArrowDown")
    wait_for_reading(page, "contract", "26,050 PE OI")
    page.keyboard.press("Enter")
    wait_for_reading(page, "contract", "26,100 PE OI")
    assert page.locator("#side figure").count() == 3


def test_open_interest_changes_over_any_span_of_the_day(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "change", "pcr", "smile")
    # of longer spans the day's map tells: 100 at first, 10 more with each five minutes
    for over, change in (("open", "+6,400"), ("60", "+6,320"), ("120", "")):
        page.select_option(f'{figure("change")} [data-option="over"]', over)
        if change:
            wait_for_reading(page, "change", f"CE ΔOI {change}")
    why = "open interest is not known 2 hours earlier on the day"
    page.wait_for_selector(f'{figure("change")} .none:text-is("{why}")')


def test_a_strangle_is_asked_by_its_two_strikes(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "straddle", "pcr", "smile")
    wait_for_reading(page, "straddle", "straddle")
    page.select_option(f'{figure("straddle")} [data-option="put"]', "25900")
    page.select_option(f'{figure("straddle")} [data-option="call"]', "26100")
    wait_for_reading(page, "straddle", "strangle")
    stage.until(lambda: "NSE straddle strikes=25900%2C26100" in stage.asked)


def test_charts_change_places_and_stay_where_they_were_put(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage)
    places = "[...document.querySelectorAll('#side figure')].map((one) => one.dataset.chart)"
    assert page.evaluate(places) == ["oi", "pcr", "smile"]
    page.locator(f"{figure('oi')} .pick").select_option("smile")
    page.locator(f"{figure('pcr')} .pick").select_option("heat")
    page.select_option(f'{figure("heat")} [data-option="of"]', "pe-change")
    wait_for_reading(page, "heat", "PE ΔOI 210")
    assert page.evaluate(places) == ["smile", "heat", "oi"]
    page.reload()
    page.wait_for_selector("tr.atm")
    wait_for_reading(page, "heat", "PE ΔOI 210")
    assert page.evaluate(places) == ["smile", "heat", "oi"]


# a chart's pixels in the colours of signs that point up and down
SIGNS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const probe = document.body.appendChild(document.createElement("i"));
  const count = (name) => {
    probe.style.color = `var(--${name})`;
    const wanted = getComputedStyle(probe).color.match(/[0-9]+/g).slice(0, 3).map(Number);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
      found += data[i + 3] === 255 && wanted.every((part, c) => data[i + c] === part);
    }
    return found > 20;
  };
  const found = ["up", "down"].map(count);
  probe.remove();
  return found;
}"""


def signs(page: "Page", name: str) -> list[bool]:
    """Whether signs that point up, and down, stand in a chart."""
    found: list[bool] = page.locator(f"{figure(name)} canvas").evaluate(SIGNS)
    return found


def test_signals_of_the_day_are_marked_and_read_where_they_are_wanted(staged: Staged) -> None:
    stage = staged()
    stage.first = full(
        ml_signal="SELL",
        ml_confidence=0.48,
        ml_rationale="why",
        ml_metadata={"signal_id": f"{AT[:10]}T10:58:00+05:30"},
    )
    page = with_charts(stage, "pcr", "straddle", "oi")
    for name in ("pcr", "straddle"):
        # the newest is that of the live chain
        stage.until(lambda name=name: readout(page, name).endswith("SELL · 48 %"))  # type: ignore[misc]
        stage.until(lambda name=name: signs(page, name) == [True, True])  # type: ignore[misc]
    field = page.locator(f"{figure('pcr')} .canvas")
    field.focus()

    def reads(minute: int) -> str:
        page.keyboard.press("Home")
        for _ in range(minute):
            page.keyboard.press("ArrowRight")
        return str(field.get_attribute("aria-valuetext"))

    assert reads(14) == "9:29, PCR 0.91, of volume 1.09, index 26,014.00"
    assert reads(15).endswith("BUY, 52 %")
    assert reads(40).endswith("HOLD, 61 %")
    assert reads(77).endswith("signal –")
    page.select_option(f'{figure("pcr")} [data-option="signals"]', "off")
    stage.until(lambda: "SELL" not in readout(page, "pcr"))
    stage.until(lambda: signs(page, "pcr") == [False, False])
    page.reload()
    wait_for_reading(page, "pcr", "PCR")
    wait_for_reading(page, "straddle", "SELL")
    assert "SELL" not in readout(page, "pcr")


def test_nothing_is_asked_of_signals_where_no_model_is(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "pcr", "straddle", "oi")
    wait_for_reading(page, "straddle", "index")
    assert not [asked for asked in stage.asked if "signals" in asked]


def test_a_theme_is_drawn_when_it_is_chosen(staged: Staged) -> None:
    stage = staged(color_scheme="dark")
    page = with_charts(stage)
    wait_for_reading(page, "pcr", "PCR")
    before = drawn(page, "pcr")
    page.keyboard.press("t")
    happens(stage, f"window.drawn.pcr > {before}")


def test_what_is_missing_is_said_where_the_chart_would_be(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "change", "days", "gamma")
    stage.series = {}
    page.reload()
    for name, why in (
        ("change", "open interest is not known 30 min earlier on the day"),
        ("days", "no trading day is stored yet"),
        ("gamma", "gamma is unknown: no volatility of this chain is known"),
    ):
        page.wait_for_selector(f'{figure(name)} .none:text-is("{why}")')
    assert readout(page, "days") == ""


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 360])
def test_axe_finds_nothing_in_charts(staged: Staged, theme: str, width: int) -> None:
    stage = staged(width=width, height=900, color_scheme=theme, reduced_motion="reduce")
    page = with_charts(stage, "contract", "heat", "straddle")
    for name in ("contract", "heat", "straddle"):
        page.locator(figure(name)).scroll_into_view_if_needed()
        wait_for_reading(page, name, "26,000")
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
    # nothing stands beyond the screen's edge
    assert page.evaluate("document.querySelector('#side').scrollWidth") <= width
    saves = page.get_by_role("button", name="CSV").all()
    assert all(box["x"] + box["width"] <= width for one in saves if (box := one.bounding_box()))


def module(page: "Page", name: str, run: str) -> Any:
    """What `run` answers of a module of the page's sources."""
    return page.evaluate(
        f"async () => {{ const own = await import('/front/charts/{name}.js'); return {run}; }}"
    )


def test_a_past_moment_shows_nothing_after_it(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage)
    view = """({
      chosen: {
        days: "60", of: "ce", around: "12", strike: "26000", side: "CE", put: "", call: "",
        signals: "on",
      },
      moment: { at: "2026-08-03T10:02:30+05:30" }, until: 36150, date: "2026-08-03", unit: "",
      summary: {
        atm_strike: 26000, pcr: 1.5, total_oi_ce: 1, total_oi_pe: 2,
        last_update: "2026-08-03T10:02:30+05:30",
      },
      chain: null, counted: (units) => units, ofDay: () => ({ day: "2026-08-03" }),
      day() { return this.data.day; }, series(name) { return this.data[name]; },
      beside(name) { return this.data[name]; }, data: DATA })"""
    told = {"day": AT[:10], "times": ["09:30:00", "10:02:40"], "signals": ["BUY", "SELL"]}
    known = {"day": a_day(), **SERIES, "signals": {**told, "chances": [0.5, 0.6]}}
    view = view.replace("DATA", json.dumps(known))
    last = {"pcr": 36060, "pain": 36060, "contract": 36120, "heat": 35700}
    for name, seconds in last.items():
        found = module(page, "by-time", f"own.{name}({view})")
        assert found["x"][-1] == seconds, name
        assert [mark["x"] for mark in found["marks"]] == [36_150], name
        if name != "heat":
            assert found["signs"] == [{"x": 34_200, "up": True}], name
            assert found["columns"][-2]["values"][-1] == 1, name
    days = module(page, "by-time", f"own.days({view}).columns.map((one) => one.values)")
    assert days[2] == [0.8, 0.9, 1.5]


def test_a_pause_is_a_gap_and_not_a_slope(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage)
    found = module(page, "times", "own.withGaps([0, 60, 1200], [{ values: [1, 2, 3] }])")
    assert found == {"times": [0, 60, 61, 1200], "columns": [{"values": [1, 2, None, 3]}]}


def test_the_page_knows_no_hours_and_no_weekdays_of_its_own() -> None:
    sources = [*(ROOT / "app" / "web" / "front").rglob("*.js")]
    assert sources
    for path in sources:
        source = path.read_text(encoding="utf-8")
        for own in ("15:30", "15:40", "9 * 60", "15 * 60", "getDay()", "555", "930"):
            assert own not in source, (path.name, own)


# what stands over the first chart some frames after the table has shown another chain
FRAMES_LATER = """
async () => {
  for (let n = 0; n < 20; n += 1) await new Promise(requestAnimationFrame);
  return document.querySelector('figure[data-chart="oi"] .none').hidden;
}
"""


def test_charts_of_another_tab_are_drawn_as_soon_as_its_chain_is_here(staged: Staged) -> None:
    stage = staged()
    page = with_charts(stage, "oi", "days", "gamma")
    page.wait_for_selector(f"{figure('oi')} canvas")
    page.keyboard.press("2")
    page.wait_for_selector(f"{figure('oi')} .none:not([hidden])")
    contracts = legs(step=100.0)
    stage.send(full("BSE", 1, contracts, atm_strike=26_000.0), clock(100, exchange="BSE"))
    page.wait_for_selector('#rows tr[data-strike="26400"]')
    assert page.evaluate(FRAMES_LATER)
