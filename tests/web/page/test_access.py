"""Who listens hears changes of state and no figures; axe-core finds nothing."""

from importlib.resources import files
from typing import Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import CLOSED, OPEN, ORIGIN, clock, delta, full

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SOUNDING = 'output, [role="alert"], [role="status"], [role="log"], [aria-live]'


def test_a_screen_reader_is_told_changes_of_state_alone(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    page.wait_for_selector("tr.atm")
    assert page.evaluate(f"[...document.querySelectorAll({SOUNDING!r})].map((n) => n.id)") == [
        "told"
    ]
    page.evaluate(
        """window.told = [];
        const region = document.querySelector("#told");
        new MutationObserver(() => told.push(region.textContent))
          .observe(region, { childList: true, characterData: true, subtree: true });"""
    )
    for sequence in (2, 3, 4):
        changes = {"oi": 6500 + 65 * sequence, "ltp": 100.0 + 10 * sequence}
        stage.send(
            delta(sequence, (26_000, "CE", changes), underlying_price=26_010.0 + sequence),
            clock(100 * sequence),
        )
    page.wait_for_selector('[data-fact="underlying_price"]:text-is("26,014.00")')
    assert page.evaluate("told") == []
    for age_ms in (60_000, 70_000, 80_000):
        stage.send(clock(age_ms))
        page.wait_for_selector(f'#health:text-matches("^stale {age_ms // 10_000}")')
    stage.send(delta(5), clock(100))
    stage.wait_for("live")
    told = page.evaluate("told")
    assert [text.split(".")[0] for text in told] == ["stale", "live"]


VIOLATIONS = """
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map(
    (node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\\n")[1]}`));
}
"""


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
@pytest.mark.parametrize(
    "market", ["live", "simulated", "closed", "stale", "waiting", "sheet", "columns", "breaches"]
)
def test_axe_finds_nothing(staged: Staged, theme: str, size: tuple[int, int], market: str) -> None:
    stage = staged(width=size[0], height=size[1], color_scheme=theme, reduced_motion="reduce")
    wide: dict[str, Any] = {"pct_5m": 12.5, "pct_10m": -13.0, "pct_15m": 8.0}
    stage.first = full(source="simulated" if market == "simulated" else "live")
    for leg in stage.first["legs"]:
        for name, value in wide.items():
            leg[stage.first["fields"].index(name)] = value
    if market == "waiting":
        stage.first = full(contracts=[], updated_at=None, last_update=None)
    phase = CLOSED if market == "closed" else OPEN
    stage.clock = clock(60_000 if market == "stale" else 100, phase=phase)
    page = stage.open()
    page.wait_for_selector("#rows tr" if market != "waiting" else 'body[data-health="waiting"]')
    if market == "sheet":
        page.keyboard.press("?")
    if market == "columns":
        page.keyboard.press("o")
        page.wait_for_selector("#columns[open] li")
        page.uncheck("#mirror")
    if market == "breaches":
        at = [1_785_735_000_000, 26_000.0]
        names = ["at", "strike", "side", "minutes", "pct", "units"]
        news = [[*at, "CE", 5, 12.5, 650], [*at, "PE", 3, -9.0, None]]
        stage.breaches = {"fields": names, "breaches": news}
        page.click("#tab-breaches")
        page.wait_for_selector(".breaches li button")
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_sign_in_page(staged: Staged, theme: str) -> None:
    page = staged(width=360, height=740, color_scheme=theme).page
    page.goto(f"{ORIGIN}/login")
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
