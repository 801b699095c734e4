"""What the head lines say, and what they say where something is not known."""

from typing import Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import CLOSED, Stage, a_leg, answered, clock, full, legs, no_day


def explained(stage: Stage, name: str) -> str:
    """What the page says of a fact when the keyboard reaches it."""
    stage.page.locator(f'[data-for="{name}"]').focus()
    return stage.page.locator("#explanation").inner_text()


def opened(staged: Staged, contracts: Any = None, **summary: Any) -> Stage:
    stage = staged()
    stage.first = full(contracts=contracts, **summary)
    stage.open().wait_for_selector("tr.atm")
    return stage


def test_the_change_in_the_money_is_named_with_its_span(staged: Staged) -> None:
    stage = opened(staged)
    label = stage.page.locator('[data-for="itm_ce"]')
    assert label.inner_text() == "ITM CE ΔOI 3m +1.3 %"
    assert stage.fact("itm_pe") == "−0.8 %"
    assert "against 3 minutes before" in explained(stage, "itm_pe")


def test_an_unknown_change_in_the_money_is_a_dash_with_its_reason(staged: Staged) -> None:
    stage = opened(staged, itm_ce_oi_change=None)
    assert stage.fact("itm_ce") == "–"
    assert explained(stage, "itm_ce").startswith("Unknown: OI of the 5 calls in the money")


def test_without_a_model_there_is_no_signal(staged: Staged) -> None:
    stage = opened(staged)
    assert stage.fact("signal") == "–, no model"
    assert stage.page.locator('[data-fact="signal"]').get_attribute("class") == "muted"
    assert "HOLD" not in stage.page.inner_text("body")


def test_a_models_signal_comes_with_its_confidence(staged: Staged) -> None:
    stage = opened(staged, ml_signal="BUY", ml_confidence=0.54, ml_rationale="Puts are added.")
    assert stage.fact("signal") == "BUY 54 %"
    assert explained(stage, "signal") == "Puts are added."


TOLD = {"ml_signal": "BUY", "ml_confidence": 0.54, "ml_rationale": "Puts are added."}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (clock(600_000), "no signal: the data are stale"),
        (clock(None), "no signal: how old the data are is not known"),
        (clock(600_000, phase=CLOSED), "no signal: the market is closed"),
    ],
)
def test_a_signal_ends_with_the_present(staged: Staged, told: Any, why: str) -> None:
    stage = opened(staged, **TOLD)
    stage.page.click("#tab-signals")
    stage.page.wait_for_selector('.signals .word:text-is("BUY 54 %")')
    stage.send(told)
    stage.page.wait_for_selector('[data-fact="signal"]:text-is("–, no signal")')
    assert explained(stage, "signal") == why
    stage.page.wait_for_selector('.signals .word.none:text-is("–")')
    assert stage.page.locator(f'.signals p:text-is("{why}.")').count() == 1
    # it comes back with fresh data, though it is the same
    stage.send(full(sequence=2, **TOLD), clock(100))
    stage.page.wait_for_selector('[data-fact="signal"]:text-is("BUY 54 %")')


def test_a_signal_ends_when_nothing_comes_any_more(staged: Staged) -> None:
    stage = staged()
    stage.first = full(**TOLD)
    stage.page.clock.install()
    page = stage.open()
    stage.wait_for("live")
    assert stage.fact("signal") == "BUY 54 %"
    page.clock.fast_forward(100_000)
    page.wait_for_selector('[data-fact="signal"]:text-is("–, no signal")')


def test_in_the_auction_it_is_said_that_the_index_stands(staged: Staged) -> None:
    why = "no signal: the index stands in its closing auction"
    stage = opened(staged, ml_rationale=why)
    assert stage.fact("signal") == "–, no signal"
    assert explained(stage, "signal") == why


@pytest.mark.parametrize("name", ["pcr", "max_pain"])
def test_a_ratio_without_all_its_legs_says_how_many_are_known(staged: Staged, name: str) -> None:
    contracts = [*legs(), a_leg(26_250.0, "CE", oi=None)]
    stage = opened(staged, contracts, pcr=None, max_pain=None)
    assert stage.fact(name) == "–"
    assert explained(stage, name).endswith("is unknown: OI of 18 of 19 legs known")
    assert stage.fact("legs") == "10 strikes · OI of 18 of 19 legs known"


def test_strikes_and_legs_are_counted(staged: Staged) -> None:
    assert opened(staged).fact("legs") == "9 strikes · 18 legs"


def test_the_straddle_and_iv_say_how_far_the_index_may_go(staged: Staged) -> None:
    known = {"straddle": 130.0, "atm_strike": 26_000.0, "underlying_price": 26_010.0}
    stage = opened(staged, **known, forward=26_040.0, atm_iv_forward=10.0)
    assert explained(stage, "straddle") == (
        "ATM call + ATM put, 0.50 % of the index; even at expiry at 25,870.00 and 26,130.00"
    )
    # 26 040 × 10 % × √(1 day 4:40 / 365 days)
    move = 26_040 * 0.1 * ((28 * 60 + 40) / (365 * 24 * 60)) ** 0.5
    said = f"±{move:,.2f}, {26_040 - move:,.2f} to {26_040 + move:,.2f}"
    assert explained(stage, "atm_iv").endswith(f"; one standard deviation to expiry is {said}")
    stage.send(full(sequence=2, **known, expires_at=None), clock(100))
    stage.page.wait_for_selector('[data-fact="to_expiry"]:text-is("–")')
    assert "deviation" not in explained(stage, "atm_iv")


def test_time_to_expiry_runs_to_the_instant_that_the_server_names(staged: Staged) -> None:
    stage = opened(staged)
    assert stage.fact("to_expiry") == "1d 04:40"
    assert explained(stage, "to_expiry") == "Expires Tue 4 Aug 2026, 15:40"
    stage.send(full(sequence=2, expires_at=None), clock(100))
    stage.page.wait_for_selector('[data-fact="to_expiry"]:text-is("–")')


def test_the_days_change_names_the_day_it_is_since(staged: Staged) -> None:
    stage = staged()
    stage.days["NSE"] = no_day(previous_close=25_900.0, previous_close_day="2026-07-31")
    stage.open().wait_for_selector('[data-fact="day_change"]:has-text("▲0.42 %")')
    said = explained(stage, "underlying_price")
    assert said == "NIFTY 50; change since the close of Fri 31 Jul 2026, 25,900.00"


def test_a_page_that_stood_open_overnight_counts_from_the_new_days_close(staged: Staged) -> None:
    stage = staged()
    stage.days["NSE"] = no_day(day="2026-08-03", previous_close=25_900.0)
    page = stage.open()
    page.wait_for_selector('[data-fact="day_change"]:has-text("▲0.42 %")')
    page.evaluate("""() => { const node = document.querySelector('[data-fact="day_change"]');
      window.changes = [];
      new MutationObserver(() => window.changes.push(node.textContent))
        .observe(node, { childList: true, characterData: true, subtree: true }); }""")
    stage.days["NSE"] = no_day(day="2026-08-04", previous_close=26_010.0)
    stage.send(
        full(sequence=2, last_update="2026-08-04T09:15:00+05:30", underlying_price=26_270.1),
        clock(100),
    )
    page.wait_for_selector('[data-fact="day_change"]:has-text("▲1.00 %")')
    assert page.evaluate("window.changes") == ["–", "▲1.00 %"]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (None, ""),
        ("2026-08-03T10:59:58+05:30", ""),
        ("2026-08-03T10:58:00+05:30", "of 10:58:00, 2 min before the chain"),
    ],
)
def test_an_index_that_is_older_than_its_chain_says_of_when_it_is(
    staged: Staged, at: str | None, words: str
) -> None:
    stage = opened(staged, underlying_at=at)
    assert stage.fact("auction") == words
    named = "NIFTY 50" if at is None else f"NIFTY 50 of {at[11:19]}"
    assert explained(stage, "underlying_price").startswith(f"{named}; ")


def test_without_an_earlier_day_there_is_no_days_change(staged: Staged) -> None:
    stage = staged()
    stage.days["NSE"] = no_day(
        day="2026-08-03", minutes=["09:15", "09:16"], pcr=[1.0, 1.0], index=[25_000.0, 25_100.0]
    )
    page = stage.open()
    page.wait_for_selector('[data-fact="day_change"]:text-is("–")')
    page.wait_for_selector('figure[data-chart="pcr"] .readout:has-text("PCR")')
    assert stage.fact("day_change") == "–"
    assert explained(stage, "underlying_price").endswith("unknown: no earlier day is stored")


def test_the_arrow_keys_move_among_the_facts(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    page.locator('[data-for="underlying_price"]').focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.for") == "future"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.for") == "baseline"
    assert page.locator('.headline [tabindex="0"]').count() == 2


def test_quantities_say_their_unit(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    assert page.locator("tr.atm td.ce.volume").inner_text() == "65.0 k"
    assert page.locator("thead th.ce.volume").inner_text() == "Vol"
    page.hover("thead th.ce.volume")
    assert page.locator("#explanation").inner_text().startswith("Volume: units traded on the day")
    page.select_option("#lots", "lots")
    answered(page)
    assert page.locator("tr.atm td.ce.volume").inner_text() == "1,000"
    assert page.locator("tr.atm td.ce.oi").inner_text() == "100"
    assert page.locator("#explanation").inner_text().startswith("Volume: lots traded on the day")
    heading = page.locator("thead th.ce.volume")
    assert heading.inner_text() == "Vol lots"
    assert heading.get_attribute("title") == "Volume: lots traded on the day"
    page.hover("tr.atm td.ce.volume")
    said = page.locator("#explanation").inner_text()
    assert said.endswith("65,000 = 1,000 lots traded on the day")


def test_lots_of_an_unknown_size_cannot_be_chosen(staged: Staged) -> None:
    stage = staged()
    stage.page.add_init_script("localStorage.setItem('lots', 'lots')")
    stage.first = full(lot_size=None)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    option = page.locator('#lots option[value="lots"]')
    assert option.get_attribute("disabled") is not None
    assert option.inner_text() == "lots: size unknown for this expiry"
    assert page.locator("#lots").input_value() == ""
    assert page.locator("tr.atm td.ce.oi").inner_text() == "6,500"
    stage.send(full(sequence=2, lot_size=75), clock(100))
    page.wait_for_selector('tr.atm td.ce.oi:text-is("87")')
    assert page.locator("#lots").input_value() == "lots"


def test_open_interest_says_when_it_changed_last(staged: Staged) -> None:
    contracts = legs()
    contracts[8] |= {"oi_at": 1_785_734_100_000}
    stage = opened(staged, contracts)
    stage.page.hover("tr.atm td.ce.oi")
    said = stage.page.locator("#explanation").inner_text()
    assert said.endswith("; last changed at 10:45:00")
