"""What the panels beside the chain say while a past moment is shown."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

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
