"""IV is the forward's, or by choice that of the index and 10 %, everywhere on the page at once."""

from typing import TYPE_CHECKING

import pytest

from tests.web.page.charts import figure, readout, wait_for_reading
from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, a_leg, answered, clock, delta, full, no_day
from tests.web.page.test_headline import explained

if TYPE_CHECKING:
    from playwright.sync_api import Page

STRIKES = [26_000 + 50.0 * n for n in range(-4, 5)]
AUCTION = {"options": "open", "index": "auction"}
STILL = no_day(
    day="2026-08-03",
    open="09:15",
    close="15:40",
    auction=["15:15", "15:35"],
    minutes=["15:13", "15:14", "15:15", "15:16"],
    pcr=[1.0, 1.0, 1.0, 1.0],
    index=[26_001.0, 26_010.0, 26_010.0, 26_010.0],
)


def opened(staged: Staged, **summary: object) -> Stage:
    """Calls read 9 and puts 12 on the index; on the forward both read more the lower the strike."""
    contracts = [
        a_leg(strike, side, iv=iv, iv_forward=10 + (26_200 - strike) / 100 + own)
        for strike in STRIKES
        for side, iv, own in (("CE", 9.0, 0.0), ("PE", 12.0, 0.25))
    ]
    stage = staged()
    stage.first = full(contracts=contracts, **summary)
    stage.open().wait_for_selector("tr.atm")
    return stage


def at_the_money(page: "Page") -> list[str]:
    """IV of call and put in the row at the money, and that of the head line."""
    places = ("tr.atm td.ce.iv", "tr.atm td.pe.iv", '[data-fact="atm_iv"]')
    return [page.locator(place).inner_text() for place in places]


def reading(page: "Page", key: str) -> str:
    """What the smile says at its first (Home) or last (End) strike."""
    wait_for_reading(page, "smile", "")
    page.locator(f"{figure('smile')} .canvas").focus()
    page.keyboard.press(key)
    return readout(page, "smile")


def test_the_forwards_volatility_is_shown_unless_the_other_is_chosen(staged: Staged) -> None:
    page = opened(staged).page
    assert at_the_money(page) == ["12.0", "12.3", "10.5"]
    page.keyboard.press("i")
    assert page.locator("#iv").input_value() == "spot"
    answered(page)
    assert at_the_money(page) == ["9.0", "12.0", "11.5"]
    page.keyboard.press("i")
    answered(page)
    assert at_the_money(page) == ["12.0", "12.3", "10.5"]


def test_the_choice_is_remembered(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    page.select_option("#iv", "spot")
    page.reload()
    page.wait_for_selector("tr.atm")
    assert page.locator("#iv").input_value() == "spot"
    answered(page)
    assert at_the_money(page) == ["9.0", "12.0", "11.5"]
    page.wait_for_selector(f'{figure("smile")} .note:text-is("on the index at 10 %")')


def test_what_is_meant_is_said_with_the_figure(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    page.hover("tr.atm td.ce.iv")
    said = "26,000 CE: IV 12.0 % on the forward that put–call parity of the chain implies"
    assert page.locator("#explanation").inner_text().startswith(said)
    page.keyboard.press("i")
    answered(page)
    said = "26,000 CE: IV 9.0 % on the index at a rate of 10 % a year"
    assert page.locator("#explanation").inner_text().startswith(said)
    page.hover("thead th.ce.iv")
    said = page.locator("#explanation").inner_text()
    assert said.startswith("Implied volatility, %, on the index at a rate of 10 % a year.")
    page.mouse.move(0, 0)
    assert "rate of 10 %" in explained(stage, "atm_iv")


def test_the_smile_on_the_forward_is_one_line_of_contracts_out_of_the_money(staged: Staged) -> None:
    page = opened(staged).page
    wait_for_reading(page, "smile", "26,050")
    # 26,000 and all below are puts', 26,050 and all above calls'
    assert readout(page, "smile") == "26,050 · CE 11.5"
    assert reading(page, "Home") == "25,800 · PE 14.3"
    page.locator(f"{figure('smile')} .canvas").press("ArrowRight")
    assert readout(page, "smile") == "25,850 · PE 13.8"
    assert reading(page, "End") == "26,200 · CE 10.0"
    assert page.locator(f"{figure('smile')} .note").inner_text().startswith("on the forward")


def test_the_smile_on_the_index_has_both_sides(staged: Staged) -> None:
    page = opened(staged).page
    wait_for_reading(page, "smile", "CE")
    page.select_option("#iv", "spot")
    wait_for_reading(page, "smile", "PE 12.0")
    assert reading(page, "Home") == "25,800 · CE 9.0 · PE 12.0"


def test_a_chain_without_a_forward_says_so_and_has_the_other_volatility(staged: Staged) -> None:
    stage = opened(staged, forward=None, atm_iv_forward=None)
    page = stage.page
    stage.send(
        delta(2, *((k, side, {"iv_forward": None}) for k in STRIKES for side in ("CE", "PE")))
    )
    page.wait_for_selector('tr.atm td.ce.iv:text-is("–")')
    assert at_the_money(page) == ["–", "–", "–"]
    assert stage.fact("forward") == "–"
    assert explained(stage, "forward").startswith("The forward is unknown: no strike has a price")
    assert "came without a forward" in explained(stage, "atm_iv")
    page.hover("tr.atm td.ce.iv")
    assert "with key i the IV is that of the index" in page.locator("#explanation").inner_text()
    page.wait_for_selector(f'{figure("smile")} .none:has-text("no volatility is known")')
    page.keyboard.press("i")
    answered(page)
    assert at_the_money(page) == ["9.0", "12.0", "11.5"]


def test_the_forward_stands_in_the_head_line_with_its_distance(staged: Staged) -> None:
    stage = opened(staged)
    assert stage.fact("forward") == "26,040.25 +30.25"
    assert "put–call parity" in explained(stage, "forward")
    stage.send(full(sequence=2, underlying_price=None), clock(100))
    stage.page.wait_for_selector('[data-fact="forward"]:text-is("26,040.25")')


def test_in_its_auction_the_index_says_when_it_moved_last(staged: Staged) -> None:
    stage = staged()
    stage.clock = clock(phase=AUCTION)
    stage.days["NSE"] = STILL
    page = stage.open()
    page.wait_for_selector('[data-fact="auction"]:text-is("auction, last 15:14")')
    assert "nearest to the index which the forward implies" in explained(stage, "underlying_price")


@pytest.mark.parametrize("known", [{"source": "replayed"}, {"source": "live"}])
def test_an_auction_without_a_known_day_and_none_in_a_replay(
    staged: Staged, known: dict[str, str]
) -> None:
    stage = staged()
    stage.first = full(**known)
    stage.clock = clock(phase=AUCTION)
    stage.open().wait_for_selector("tr.atm")
    expected = "auction" if known["source"] == "live" else ""
    assert stage.page.locator('[data-fact="auction"]').inner_text() == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [("15:14:59", ""), ("15:15:00", "auction, last 15:14"), ("15:35:00", "")],
)
def test_a_replay_says_the_auction_of_its_own_clock_and_day(
    staged: Staged, time: str, expected: str
) -> None:
    stage = staged()
    stage.first = full(source="replayed", last_update=f"2026-08-03T{time}+05:30")
    stage.clock = clock(phase={"options": "closed", "index": "closed"})
    stage.days["NSE"] = STILL
    page = stage.open()
    page.wait_for_selector('[data-fact="day_change"]:not(:empty)')
    page.wait_for_selector(f'[data-fact="auction"]:text-is("{expected}")', state="attached")
    assert ("closing auction" in explained(stage, "underlying_price")) == bool(expected)
