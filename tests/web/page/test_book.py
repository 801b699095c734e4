"""Bid and ask: they come to a page that shows them, and are said to be on their way until then."""

from typing import TYPE_CHECKING

from tests.web.page.conftest import Staged
from tests.web.page.stage import Stage, clock, delta, full, without_book

if TYPE_CHECKING:
    from playwright.sync_api import Route

PRICE = 'tr.atm td.ce[data-column="ltp"]'


def opened(staged: Staged, path: str = "/") -> Stage:
    stage = staged()
    stage.first = without_book(full())
    stage.open(path)
    stage.page.wait_for_selector("tr.atm")
    stage.send(clock())
    return stage


def answers(stage: Stage) -> None:
    """The whole chain, asked for because the one that is there lacks bid and ask."""
    stage.until(lambda: stage.books[-1] and stage.follows[-1] == {"NSE": None})
    stage.send(full(), clock())


def test_a_page_without_their_columns_asks_for_no_bid_and_ask(staged: Staged) -> None:
    stage = opened(staged)
    stage.send(delta(2, (26_000.0, "CE", {"ltp": 111.0})), clock())
    stage.page.wait_for_selector(f'{PRICE}:text-is("111.00")')
    assert (stage.follows, stage.books) == ([{"NSE": 1}], [False])


def test_a_column_of_the_book_brings_it_and_is_a_dash_until_then(staged: Staged) -> None:
    stage = opened(staged, "/?cols=oi.ltp.bid.ask.spread.imb")
    page = stage.page
    assert page.locator("tr.atm td.ce.bid").inner_text() == "–"
    assert page.locator("tr.atm td.ce.spread").inner_text() == "–"
    page.locator("tr.atm td.ce.bid").hover()
    page.wait_for_selector('#explanation:has-text("bid and ask are on their way")')
    answers(stage)
    page.wait_for_selector('tr.atm td.ce.bid:text-is("100.20")')
    page.wait_for_selector('#explanation:has-text("Best bid 100.20")')
    stage.send(delta(2, (26_000.0, "CE", {"best_bid": 100.25})), clock())
    page.wait_for_selector('tr.atm td.ce.bid:text-is("100.25")')


def test_who_stays_on_a_price_is_told_bid_and_ask(staged: Staged) -> None:
    stage = opened(staged)
    page = stage.page
    page.locator(PRICE).hover()
    page.wait_for_selector('#explanation:has-text("LTP 100.25; model")')
    answers(stage)
    page.wait_for_selector('#explanation:has-text("bid 100.20 × 650, ask 100.30 × 130")')


def test_a_page_that_polls_asks_for_what_it_shows(staged: Staged) -> None:
    stage = staged()
    asked: list[str] = []

    def answer(route: "Route", key: str) -> None:
        asked.append(route.request.url.partition("/api/state/")[2])
        route.abort()

    stage.answer = answer
    stage.first = without_book(full())
    stage.open()
    stage.sockets[-1].close()
    stage.until(lambda: "NSE?book=0" in asked)
    stage.page.locator(PRICE).hover()
    stage.until(lambda: "NSE" in asked)
