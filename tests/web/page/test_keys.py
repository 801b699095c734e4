"""The keyboard acts where it is meant to, and nowhere else."""

import pytest

from tests.web.page.conftest import Staged

CURRENT = '[aria-current="page"]'


def test_a_focused_choice_lets_our_keys_through(staged: Staged) -> None:
    page = staged().open()
    page.wait_for_selector("tr.atm")
    for choice in ("#range", "#unit", "#lots"):
        page.locator(choice).focus()
        page.keyboard.press("2")
        page.wait_for_selector(f'{CURRENT}:text-is("SENSEX")')
        page.keyboard.press("1")
        page.wait_for_selector(f'{CURRENT}:text-is("NIFTY")')
    assert page.locator("#range").input_value() == ""
    page.locator("#range").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#range").input_value() == "5"


def test_behind_the_open_sheet_no_key_acts(staged: Staged) -> None:
    page = staged().open()
    page.wait_for_selector("tr.atm")
    page.evaluate(
        "addEventListener('click', (e) => e.target.id === 'csv' && (window.loaded = true))"
    )
    colours = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    for key in ("2", "r", "a", "l", "i", "t", "d", "c"):
        page.keyboard.press(key)
    assert page.locator(CURRENT).inner_text() == "NIFTY"
    assert page.locator("#range").input_value() == ""
    assert page.locator("#unit").input_value() == "pct"
    assert page.locator("#iv").input_value() == "forward"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colours
    assert page.evaluate("window.loaded") is None
    page.keyboard.press("?")
    assert page.locator("#keys").is_hidden()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()
    page.keyboard.press("a")
    assert page.locator("#unit").input_value() == "abs"


def test_the_sheet_names_the_thresholds_that_the_server_sends(staged: Staged) -> None:
    stage = staged()
    thresholds = {"3": 4.0, "5": 10.0, "10": 10.0, "15": 15.0, "30": 25.0}
    stage.limits = {"change_thresholds_pct": thresholds}
    page = stage.open()
    page.keyboard.press("?")
    text = "4 % over 3, 10 % over 5, 10 % over 10, 15 % over 15, 25 % over 30 minutes"
    assert text in page.locator("#keys").inner_text()


def test_a_browser_that_keeps_nothing_is_no_reason_to_stop(staged: Staged) -> None:
    stage = staged()
    stage.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('denied', 'SecurityError'); } })"
    )
    page = stage.open()
    page.wait_for_selector("tr.atm")
    page.select_option("#range", "5")
    page.keyboard.press("t")
    assert page.locator("#range").input_value() == "5"
    page.wait_for_selector(":root:is([data-theme=dark], [data-theme=light])")


@pytest.mark.parametrize(
    "made",
    [
        "Object.assign(document.createElement('input'), { type: 'text' })",
        "document.createElement('textarea')",
        "Object.assign(document.createElement('div'), { contentEditable: 'true' })",
    ],
    ids=["input", "textarea", "editable"],
)
def test_where_a_text_is_written_no_key_acts(staged: Staged, made: str) -> None:
    page = staged().open()
    page.wait_for_selector("tr.atm")
    page.evaluate(f"const field = {made}; document.body.append(field); field.focus()")
    for key in ("2", "a", "Home", "?"):
        page.keyboard.press(key)
    assert page.locator(CURRENT).inner_text() == "NIFTY"
    assert page.locator("#unit").input_value() == "pct"
    assert page.locator("#keys").is_hidden()
