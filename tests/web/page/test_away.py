"""What a page says while its server or the database is away, and that it recovers by itself."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, clock, full
from tests.web.page.test_past_panels import an_account

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

_DATABASE = "The database does not answer."
_SERVER = "The server does not answer"


def without_server(stage: Stage) -> None:
    """End the link, and let nothing be answered from now on."""
    stage.page.route("**/assets/**", lambda route: route.abort())
    stage.on_follow = None
    refuse = "window.Real ??= WebSocket; window.WebSocket = function () { throw 0; }; 0"
    stage.page.evaluate(refuse.replace("throw 0", "return new window.Real('ws://localhost/no')"))
    stage.sockets[-1].close()
    stage.wait_for("reconnecting")


def with_server(stage: Stage) -> None:
    """Let the server be back."""

    def answer(stage: Stage, wanted: dict[str, Any]) -> None:
        stage.send(*(full(exchange, 7) for exchange in wanted), clock(100))

    stage.page.unroute("**/assets/**")
    stage.page.evaluate("window.WebSocket = window.Real; 0")
    stage.on_follow = answer
    stage.wait_for("live")


def shown(page: "Page") -> str:
    return page.locator(".panel:not([hidden])").inner_text()


@pytest.mark.parametrize("panel", ["paper", "signals", "breaches"])
def test_a_panel_that_cannot_be_loaded_says_why_and_comes_by_itself(
    staged: Staged, panel: str
) -> None:
    stage = staged()
    stage.answers["/api/paper"] = lambda _: (200, an_account())
    stage.answers["/api/signals"] = lambda _: (200, no_signals())
    page = stage.open()
    without_server(stage)
    page.click(f"#tab-{panel}")
    page.wait_for_selector(f"#panel-{panel} .none:text-is('{_SERVER}: this comes once it does.')")
    with_server(stage)
    page.wait_for_selector(f"#panel-{panel} h2")
    assert _SERVER not in shown(page)


def test_a_price_that_is_pressed_without_a_server_says_why_there_is_no_ticket(
    staged: Staged,
) -> None:
    stage = staged()
    stage.answers["/api/paper"] = lambda _: (200, an_account())
    page = stage.open()
    without_server(stage)
    page.locator('td[data-column="ltp"]').first.click()
    page.wait_for_selector(f"#panel-paper .none:text-is('{_SERVER}: this comes once it does.')")
    with_server(stage)
    page.wait_for_selector("#panel-paper h2")


def test_a_step_into_the_past_without_a_server_says_so_until_it_is_back(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    without_server(stage)
    page.keyboard.press(",")
    page.wait_for_selector(f"#asof-says:text-is('{_SERVER}; what is shown stays.')")
    with_server(stage)
    page.wait_for_selector("#asof-says:text-is('')", state="attached")


def test_what_a_server_of_another_build_lacks_is_to_be_loaded_anew(staged: Staged) -> None:
    stage = staged()
    page = stage.open()
    stage.page.route("**/assets/**", lambda route: route.fulfill(status=404))
    page.click("#tab-signals")
    page.wait_for_selector(
        "#panel-signals .none:text-is('This cannot be loaded: load the page anew.')"
    )
    page.keyboard.press(",")
    page.wait_for_selector("#asof-says:text-is('The past cannot be loaded: load the page anew.')")


def no_signals() -> dict[str, Any]:
    nothing: dict[str, Any] = {name: [] for name in ("trail", "days", "drift")}
    return {**nothing, "advice": None, "paper": {"open": [], "days": []}}


class Database:
    """One that may be away: what is asked of it then is refused in its sentence."""

    def __init__(self, stage: Stage, **answers: Any) -> None:
        self.stage = stage
        self.is_away = False
        self.asked = 0
        for name, told in answers.items():
            stage.answers[f"/api/{name}"] = self._answering(told)

    def _answering(self, told: Any) -> Any:
        def answer(_: "Request") -> tuple[int, Any]:
            self.asked += 1
            return (503, {"error": _DATABASE}) if self.is_away else (200, told)

        return answer

    def leave(self) -> None:
        self.is_away = True
        self.stage.send(clock(3000, problem=_DATABASE))
        self.stage.wait_for("down")

    def come_back(self) -> None:
        self.is_away = False
        self.stage.send(full(sequence=9), clock(100))
        self.stage.wait_for("live")


def test_signals_that_could_not_be_read_come_with_the_database(staged: Staged) -> None:
    stage = staged()
    database = Database(stage, signals=no_signals())
    page = stage.open()
    database.leave()
    page.click("#tab-signals")
    refusal = f"#panel-signals .problem:text-is('Signals cannot be read: {_DATABASE}')"
    page.wait_for_selector(refusal)
    # whoever asked for this chain once would not ask again
    asked = database.asked
    stage.send(full(sequence=8), clock(3000, problem=_DATABASE))
    stage.until(lambda: database.asked > asked)
    page.wait_for_selector(refusal)
    database.come_back()
    page.wait_for_selector("#panel-signals .problem:text-is('')", state="attached")
    assert "Nothing on this day." in shown(page)


def test_an_account_that_could_not_be_read_is_said_until_it_can(staged: Staged) -> None:
    stage = staged()
    database = Database(stage, paper=an_account())
    page = stage.open()
    page.click("#tab-paper")
    page.wait_for_selector("#panel-paper h2")
    database.leave()
    page.click("#tab-breaches")
    page.click("#tab-paper")
    page.wait_for_selector(f"#panel-paper .said:text-is('{_DATABASE}')")
    database.come_back()
    page.wait_for_selector("#panel-paper .said:text-is('')", state="attached")


def test_alerts_that_were_never_read_are_unknown_and_come_with_the_database(
    staged: Staged,
) -> None:
    stage = staged()
    page = stage.page
    database = Database(
        stage,
        **{"alerts/events": {"events": [], "more": False}, "alerts": {"alerts": [], "most": 100}},
    )
    database.is_away = True
    stage.open()
    page.click("#tab-alerts")
    page.wait_for_selector(f"#panel-alerts .problem:text-is('{_DATABASE}')")
    assert page.locator("#panel-alerts .none").all_inner_texts() == ["–", "–"]
    database.leave()
    database.come_back()
    page.wait_for_selector("#panel-alerts .log .none:text-is('Nothing so far.')")
    assert _DATABASE not in shown(page)


def begun(stage: Stage) -> "Page":
    """A ticket at a limit and an alert that wait to be sent."""
    page = stage.open()
    page.wait_for_selector("#panel-alerts form", state="attached")
    page.click("#tab-alerts")
    page.fill("#panel-alerts [name=level]", "12.5")
    page.check("#panel-alerts [name=once]")
    page.locator('tr.atm td.ce[data-column="ltp"]').click()
    page.wait_for_selector("#panel-paper .legs tbody tr")
    page.select_option('[aria-label="At which price"]', "limit")
    page.fill('[aria-label="Limit of 26,000 CE"]', "77.5")
    page.keyboard.press("Tab")
    return page


def of_alert(page: "Page") -> tuple[str, bool]:
    page.click("#tab-alerts")
    page.wait_for_selector("#panel-alerts form")
    level, once = "#panel-alerts [name=level]", "#panel-alerts [name=once]"
    return page.input_value(level), page.is_checked(once)


def test_what_was_begun_outlasts_the_page_and_is_still_the_same_order(staged: Staged) -> None:
    stage = staged()
    sent: list[dict[str, Any]] = []

    def placed(request: "Request") -> tuple[int, Any]:
        sent.append(request.post_data_json)
        return 503, {"error": _DATABASE}

    stage.answers = {
        "/api/paper/orders": placed,
        "/api/paper/payoff": lambda _: (503, {"error": _DATABASE}),
        "/api/paper": lambda _: (200, an_account()),
        **stage.answers,
    }
    page = begun(stage)
    page.click("#panel-paper button:text-is('Place order')")
    stage.until(lambda: len(sent) == 1)
    page.reload()
    page.click("#tab-paper")
    page.wait_for_selector('[aria-label="Limit of 26,000 CE"]')
    page.click("#panel-paper button:text-is('Place order')")
    stage.until(lambda: len(sent) == 2)
    assert sent[0] == sent[1]
    assert sent[0]["legs"][0]["limit"] == 77.5
    assert of_alert(page) == ("12.5", True)


@pytest.mark.parametrize("by", ["another user", "a sign-out", "its end"])
def test_what_was_begun_is_not_there(staged: Staged, by: str) -> None:
    stage = staged()
    stage.answers = {
        "/api/paper/payoff": lambda _: (503, {"error": _DATABASE}),
        "/api/paper": lambda _: (200, an_account()),
        **stage.answers,
    }
    page = begun(stage)
    if by == "another user":
        stage.user = "another"
    elif by == "a sign-out":
        page.evaluate(
            """() => { const form = document.querySelector("#sign-out");
            form.addEventListener("submit", (event) => event.preventDefault());
            form.requestSubmit(); }"""
        )
    else:
        page.click("#panel-paper button:text-is('Clear')")
        page.click("#tab-alerts")
        page.select_option("#panel-alerts [name=kind]", "pcr")
    page.reload()
    page.click("#tab-paper")
    page.wait_for_selector("#panel-paper h2")
    assert page.locator("#panel-paper .legs tbody tr").count() == 0
    assert of_alert(page) == ("8", False)
