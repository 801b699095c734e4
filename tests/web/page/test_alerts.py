"""The panel of alerts: rules are made where the trader points, and what fires is noticed."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import AT, ORIGIN, Stage, a_leg, answered, full
from tests.web.page.test_access import AXE, VIOLATIONS

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

TAB = "#tab-alerts"


class Desk:
    """The rules and the log that a staged server keeps."""

    def __init__(self) -> None:
        self.rules: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.problem: str | None = None

    def answered(self, request: "Request") -> tuple[int, Any]:
        number = int(found[1]) if (found := re.search(r"/(\d+)$", request.url)) else 0
        if self.problem is not None:
            return 400, {"error": self.problem}
        if request.method == "POST":
            rule = {"id": len(self.rules) + 1, "enabled": True, "cooldown_s": 60}
            self.rules.append(rule | json.loads(request.post_data or ""))
            return 201, self.rules[-1]
        if request.method == "PATCH":
            self.rules[number - 1] |= json.loads(request.post_data or "")
            return 200, self.rules[number - 1]
        if request.method == "DELETE":
            self.rules = [rule for rule in self.rules if rule["id"] != number]
            return 204, None
        return 200, {"alerts": self.rules, "most": 100}

    def told(self, request: "Request") -> tuple[int, Any]:
        before = re.search(r"before=(\d+)", request.url)
        older = [e for e in self.log if before is None or e["id"] < int(before[1])]
        return 200, {"events": older[:50], "more": len(older) > 50}

    def tell(self, message: str, *, fired: bool = True) -> dict[str, Any]:
        """Put an entry into the log; the notice of it."""
        number = len(self.log) + 1
        entry = {
            "id": number,
            "alert_id": 1,
            "exchange": "NSE",
            "kind": "price",
            "fired": fired,
            "told_at": AT,
            "timestamp": AT,
            "sequence": 1,
            "value": 1.0,
            "message": message,
        }
        self.log.insert(0, entry)
        return {"kind": "notice", "topic": "alerts", "exchange": "NSE", "id": number}


def with_desk(stage: Stage) -> Desk:
    desk = Desk()
    stage.answers = {"/api/alerts/events": desk.told, "/api/alerts": desk.answered}
    return desk


def opened(stage: Stage) -> "Page":
    page = stage.open()
    page.click(TAB)
    page.wait_for_selector(".alerts .log li")
    return page


def rules(page: "Page") -> list[str]:
    return [text.strip() for text in page.locator(".rules li label").all_inner_texts()]


def test_a_rule_is_made_switched_off_and_deleted_by_the_keyboard_alone(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.locator('tr.atm [tabindex="0"]').focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector('tr[data-strike="26000"] td.ce.ltp:focus')
    page.keyboard.press("n")
    page.wait_for_selector('input[name="level"]:focus')
    assert page.input_value('input[name="strike"]') == "26000"
    page.keyboard.type("120.5")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rules input")
    assert rules(page) == ["NIFTY 26,000 CE (4 Aug 2026) price rises to 120.50"]
    params = {"strike": 26_000, "side": "CE", "expiry": "2026-08-04", "direction": "above"}
    assert desk.rules[0]["params"] == params | {"level": 120.5}
    page.locator(".rules input").focus()
    page.keyboard.press("Space")
    stage.until(lambda: not desk.rules[0]["enabled"])
    page.wait_for_selector(".rules input:not(:checked):focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    stage.until(lambda: not desk.rules)
    page.wait_for_selector('select[name="kind"]:focus')


def test_a_level_is_begun_with_as_many_digits_as_are_shown(staged: Staged) -> None:
    stage = staged()
    with_desk(stage)
    stage.first = full(pcr=0.7694789589838632)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.locator('[data-for="pcr"]').focus()
    page.keyboard.press("n")
    page.wait_for_selector('input[name="level"]:focus')
    assert page.input_value('input[name="level"]') == "0.77"


@pytest.mark.parametrize(
    ("place", "params"),
    [
        (
            'tr[data-strike="26050"] td.pe.p10',
            {
                "strike": 26_050,
                "side": "PE",
                "expiry": "2026-08-04",
                "direction": "either",
                "level": 10,
                "unit": "percent",
                "minutes": 10,
            },
        ),
        (
            'tr[data-strike="26000"] td.ce.iv',
            {
                "strike": 26_000,
                "side": "CE",
                "expiry": "2026-08-04",
                "direction": "above",
                "level": 10.5,
            },
        ),
    ],
)
def test_the_right_button_on_a_cell_fills_the_form(
    staged: Staged, place: str, params: dict[str, Any]
) -> None:
    stage = staged()
    desk = with_desk(stage)
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.locator(place).click(button="right")
    page.wait_for_selector('input[name="level"]:focus')
    page.keyboard.press("Enter")
    page.wait_for_selector(".rules input")
    assert desk.rules[0]["params"] == params


def test_what_was_begun_is_not_lost_to_a_look_at_another_tab(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    stage.on_follow = lambda stage, follow: stage.send(*(full(key) for key in follow))
    page = opened(stage)
    page.select_option('select[name="kind"]', "pcr")
    page.keyboard.press("2")
    page.wait_for_selector('.make h2:text-is("New alert on SENSEX")')
    assert page.input_value('select[name="kind"]') == "pcr"
    page.fill('input[name="level"]', "1.2")
    page.locator('[data-exchange="NSE"]').click()
    page.wait_for_selector('[data-exchange="NSE"][aria-current="page"]')
    answered(page)
    assert page.locator(".make h2").inner_text() == "New alert on SENSEX"
    assert page.input_value('input[name="level"]') == "1.2"
    page.click("text=Add alert")
    page.wait_for_selector(".rules input")
    assert (desk.rules[0]["exchange"], desk.rules[0]["params"]["level"]) == ("BSE", 1.2)


def test_each_kind_can_be_made_and_is_read_in_one_line(staged: Staged) -> None:
    stage = staged()
    with_desk(stage)
    page = opened(stage)
    made = (("pcr", "1.2"), ("max_pain", "100"), ("straddle", "180"), ("age", "30"))
    for number, (kind, level) in enumerate(made, start=1):
        page.select_option('select[name="kind"]', kind)
        page.fill('input[name="level"]', level)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".rules li:nth-child({number}) input")
    page.select_option('select[name="kind"]', "feed")
    page.check('input[name="once"]')
    page.click("text=Add alert")
    page.wait_for_selector(".rules li:nth-child(5)")
    assert rules(page) == [
        "NIFTY PCR rises to 1.20",
        "NIFTY max pain moves by 100 points",
        "NIFTY ATM straddle rises to 180.00",
        "NIFTY data are 30 s old",
        "NIFTY feed is at: login needed, once",
    ]


def test_what_fires_is_said_once_counted_and_leads_to_the_chain_of_then(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    page = stage.open()
    page.wait_for_selector(".toasts", state="attached")
    page.evaluate(
        """() => { window.told = []; new MutationObserver((all) => all.forEach((one) =>
          one.target.id === "told"
            && one.addedNodes.forEach((node) => told.push(node.textContent))))
          .observe(document.body, { subtree: true, childList: true }); }"""
    )
    stage.send(desk.tell("NIFTY index is 26,060.00, at or above 26,050.00."))
    toast = page.wait_for_selector(".toast a")
    assert toast.inner_text() == "NIFTY index is 26,060.00, at or above 26,050.00."
    page.wait_for_selector(f'{TAB} .badge:text-is("1")')
    link = "/?exchange=NSE&at=2026-08-03T11%3A00%3A00%2B05%3A30"
    assert toast.get_attribute("href") == link
    page.click(TAB)
    page.wait_for_selector(f"{TAB} .badge:empty", state="attached")
    assert page.locator(".log li a").get_attribute("href") == link
    assert page.locator(".log li").inner_text().startswith("3 Aug 2026, 11:00:00")
    for n in range(2):
        desk.tell(f"Alert {n}.")
    stage.send(desk.tell("The last."))
    page.wait_for_selector('.toast a:text-is("3 alerts have fired. The newest: The last.")')
    assert page.evaluate("told") == [
        "NIFTY index is 26,060.00, at or above 26,050.00.",
        "3 alerts have fired. The newest: The last.",
    ]
    page.reload()
    page.click(TAB)
    page.wait_for_selector(".log li:nth-child(4)")
    assert page.locator(".toast").count() == 0


def test_what_fired_while_the_page_was_closed_is_counted(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    desk.tell("One.")
    desk.tell("It was so already.", fired=False)
    page = stage.open()
    page.wait_for_selector(f'{TAB} .badge:text-is("1")')
    assert page.locator(".toast").count() == 0


def test_a_long_log_is_read_in_pages(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    for n in range(60):
        desk.tell(f"No. {n}.")
    page = opened(stage)
    assert page.locator(".log li").count() == 50
    page.click("text=Older")
    page.wait_for_selector(".log li:nth-child(60)")
    assert page.locator("text=Older").is_hidden()


def test_a_refusal_is_said_and_what_was_typed_stays(staged: Staged) -> None:
    stage = staged()
    desk = with_desk(stage)
    page = opened(stage)
    desk.problem = "There are 100 alerts already; delete one first."
    page.select_option('select[name="kind"]', "pcr")
    page.fill('input[name="level"]', "1.2")
    page.click("text=Add alert")
    page.wait_for_selector(
        '.make .problem:text-is("There are 100 alerts already; delete one first.")'
    )
    assert page.input_value('input[name="level"]') == "1.2"


def test_an_answer_that_is_cut_off_is_said_and_breaks_nothing(staged: Staged) -> None:
    stage = staged()
    stage.answers = {"/api/alerts": lambda _: (200, None)}
    page = stage.open()
    page.click(TAB)
    page.wait_for_selector('.alerts .problem:has-text("The server does not answer; try again.")')
    with_desk(stage).tell("One.")
    stage.send({"kind": "notice", "topic": "alerts", "exchange": "NSE", "id": 1})
    page.wait_for_selector('.log li:has-text("One.")')
    assert page.locator(".alerts > .problem").is_hidden()


def test_sound_is_off_until_it_is_wanted_and_then_remembered(staged: Staged) -> None:
    stage = staged()
    with_desk(stage)
    stage.page.add_init_script(
        """window.tones = 0;
        window.OscillatorNode = class extends OscillatorNode {
          start(at) { window.tones += 1; super.start(at); } };"""
    )
    desk = with_desk(stage)
    page = opened(stage)
    stage.send(desk.tell("Silently."))
    page.wait_for_selector(".toast")
    assert page.evaluate("tones") == 0
    page.click('button:text-is("Sound")')
    stage.until(lambda: page.evaluate("tones") == 1)
    stage.send(desk.tell("Aloud."))
    stage.until(lambda: page.evaluate("tones") == 2)
    page.reload()
    page.wait_for_selector('button[aria-pressed="true"]:text-is("Sound")')


def test_what_is_chosen_or_changed_in_another_page_of_the_user_holds_in_this_one(
    staged: Staged,
) -> None:
    stage = staged()
    desk = with_desk(stage)
    page = opened(stage)
    above = {"direction": "above", "level": 1.2}
    rule = {"id": 1, "exchange": "NSE", "kind": "pcr", "params": above, "repeats": True}
    desk.rules.append(rule | {"enabled": True, "cooldown_s": 60})
    stage.send({"kind": "notice", "topic": "alerts", "rule": 1})
    page.wait_for_selector(".rules input:checked")
    other = page.context.new_page()
    other.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    other.goto(ORIGIN)
    other.evaluate("localStorage.setItem('alert-sound', 'on')")
    page.wait_for_selector('button[aria-pressed="true"]:text-is("Sound")')
    page.click('button:text-is("Sound")')
    page.wait_for_selector('button[aria-pressed="false"]:text-is("Sound")')
    # what this page chose before gives way to what was chosen since
    other.evaluate("localStorage.setItem('alert-sound', 'on')")
    page.wait_for_selector('button[aria-pressed="true"]:text-is("Sound")')
    other.evaluate("localStorage.setItem('theme', 'light')")
    page.wait_for_selector('html[data-theme="light"]')
    desk.rules.clear()
    stage.send({"kind": "notice", "topic": "alerts", "rule": 1})
    page.wait_for_selector('.rules .none:has-text("None yet")')


def test_a_browser_that_may_notify_does_so_for_a_hidden_page(staged: Staged) -> None:
    stage = staged(permissions=["notifications"])
    stage.page.add_init_script(
        """window.notified = [];
        window.Notification = class extends EventTarget {
          static permission = "default";
          static async requestPermission() { return (this.permission = "granted"); }
          constructor(title, { body, tag }) { super(); notified.push([body, tag]); } };"""
    )
    desk = with_desk(stage)
    page = opened(stage)
    page.click('button:text-is("Notify")')
    page.wait_for_selector('button[aria-pressed="true"]:text-is("Notify")')
    stage.send(desk.tell("Seen anyway."))
    page.wait_for_selector(".toast")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    stage.send(desk.tell("While you were away."))
    stage.until(lambda: page.evaluate("notified.length") == 1)
    assert page.evaluate("notified") == [["While you were away.", "oi-alert-2"]]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_axe_finds_nothing_in_the_panel(staged: Staged, theme: str, size: tuple[int, int]) -> None:
    stage = staged(width=size[0], height=size[1], color_scheme=theme, reduced_motion="reduce")
    stage.first = full(contracts=[a_leg(26_000.0, side) for side in ("CE", "PE")])
    desk = with_desk(stage)
    desk.rules = [
        {
            "id": 1,
            "exchange": "NSE",
            "kind": "oi_change",
            "params": {"direction": "up", "unit": "percent", "level": 8, "minutes": 3},
            "enabled": True,
            "repeats": True,
            "cooldown_s": 60,
        }
    ]
    desk.tell("It was so already.", fired=False)
    page = opened(stage)
    stage.send(desk.tell("NIFTY index is 26,060.00."))
    page.wait_for_selector(".toast")
    assert rules(page) == ["NIFTY OI of any strike grows by 8.0 % in 3 min"]
    desk.problem = "There are 100 alerts already; delete one first."
    page.click("text=Add alert")
    page.wait_for_selector(".make .problem:not(:empty)")
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
