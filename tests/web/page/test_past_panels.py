"""What the panels beside the chain say at a past moment, and when a contract dies."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, full, legs
from tests.web.page.test_replay import LAST, STORED, history, replayed, shows

if TYPE_CHECKING:
    from playwright.sync_api import Route

__all__ = ["history", "replayed"]

HEADING = ".breaches h2"


def test_breaches_beside_a_past_moment_are_those_of_the_hour_before_it(replayed: Stage) -> None:
    asked: list[str] = []

    def told(route: "Route") -> None:
        at = parse_qs(urlsplit(route.request.url).query).get("at", ["now"])[0]
        asked.append(at)
        strike = 26_000 if at == "now" else 26_100
        when = STORED[LAST].timestamp() * 1000
        # what is kept for moments nearby may hold what came after this one
        rows = [[when - 60_000, strike, "CE", 3, 9.5, 650], [when + 1, 26_200, "PE", 3, 9.5, 650]]
        names = ["at", "strike", "side", "minutes", "pct", "units"]
        found: dict[str, Any] = {"fields": names, "breaches": rows[: 1 if at == "now" else 2]}
        route.fulfill(json=found)

    replayed.page.route("**/api/breaches/**", told)
    page = replayed.open()
    page.click("#tab-breaches")
    page.wait_for_selector('.breaches li:has-text("26,000 CE")')
    page.keyboard.press(",")
    shows(page, LAST)
    page.wait_for_selector(f'{HEADING}:has-text("to 11:00:00, 3 Aug 2026")')
    assert page.locator(".breaches li").all_inner_texts() == [
        "10:59:00\n26,100 CE\nΔ3\n+9.5 %\n+650"
    ]
    assert asked == ["now", STORED[LAST].isoformat()]
    page.click("#asof-live")
    page.wait_for_selector('.breaches li:has-text("26,000 CE")')
    assert "Aug" not in page.locator(HEADING).inner_text()


def test_an_alert_from_a_past_moment_begins_with_the_present(replayed: Stage) -> None:
    replayed.first = full(
        last_update="2026-08-03T11:30:00+05:30",
        contracts=legs(ltp=77.5),
        expiry="2026-08-11",
        pcr=1.75,
    )
    page = replayed.open()
    page.keyboard.press(",")
    shows(page, LAST)
    page.locator("tr.atm td.ce.ltp").click(button="right")
    page.wait_for_selector(".alerts .make [name=level]")
    form = page.locator(".alerts .make")
    assert form.locator("[name=level]").input_value() == "77.5"
    assert form.locator("[name=expiry]").input_value() == "2026-08-11"
    page.locator('[data-for="pcr"]').focus()
    page.keyboard.press("n")
    page.wait_for_selector(".alerts .make h2")
    replayed.until(lambda: form.locator("[name=kind]").input_value() == "pcr")
    assert form.locator("[name=level]").input_value() == "1.75"


def test_beside_a_past_moment_nothing_is_traded_and_what_is_held_is_said_to_be_of_the_present(
    replayed: Stage,
) -> None:
    replayed.answers["/api/paper"] = lambda _: (200, an_account())
    page = replayed.open()
    page.click("#tab-paper")
    page.wait_for_selector(".positions .drop:enabled")
    assert page.locator(".paper > .hint:visible").count() == 1
    page.keyboard.press(",")
    shows(page, LAST)
    page.wait_for_selector('.paper > .hint:has-text("all that stands here is of the present")')
    for button in (".positions .drop", '.paper button:text-is("Close all…")'):
        page.wait_for_selector(f"{button}:disabled")
        assert "go back to the present to trade" in str(page.get_attribute(button, "title"))
    page.click("#asof-live")
    page.wait_for_selector(".positions .drop:enabled")
    assert page.locator(".paper > .hint:visible").count() == 1


def test_what_has_just_expired_waits_for_its_settlement_and_has_no_greeks(staged: Staged) -> None:
    stage = staged()
    stage.answers["/api/paper"] = lambda _: (200, an_account())
    known = {"source": "replayed", "expires_at": "2026-08-04T15:40:00+05:30"}
    stage.first = full(last_update="2026-08-04T15:39:30+05:30", **known)
    page = stage.open()
    page.click("#tab-paper")
    page.wait_for_selector('.positions td:nth-child(4):text-is("100.20")')
    assert "Δ –" not in page.locator(".positions .risk").inner_text()
    stage.send(full(sequence=2, last_update="2026-08-04T15:40:30+05:30", **known))
    page.wait_for_selector('.positions td:nth-child(4):text-is("settles")')
    assert page.locator(".positions .risk dd").inner_text().startswith("Δ –  Γ –  Θ –  V –")


def an_account() -> dict[str, Any]:
    held = {
        **{"id": 1, "exchange": "NSE", "symbol": "NIFTY2680426000CE", "expiry": "2026-08-04"},
        **{"strike": 26_000.0, "option_type": "CE", "lot_size": 65, "lots": 1, "units": 65},
        **{"average_price": 99.0, "exit_price": 100.2, "has_expired": False},
    }
    greeks = dict.fromkeys(("delta", "gamma", "theta", "vega"), 1.0)
    return {
        **{"at": "2026-08-03T11:30:00+05:30", "positions": [held], "realised_today": 0.0},
        **{"risk": [{"underlying": "NIFTY", **greeks, "margin_estimate": None}]},
        **{"days": [], "resting": [], "orders": []},
    }
