"""At which price an order is filled, and why it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.desk.paper.errors import RefusedError
from app.desk.paper.fills import fill_at_quote
from tests.desk.quotes import AT, contract, quote

SOON = AT + timedelta(seconds=1)


def test_a_purchase_takes_the_ask_and_a_sale_the_bid_with_the_reason() -> None:
    bought, sold = (fill_at_quote(quote(), side, 65, SOON) for side in ("B", "S"))
    assert (bought.units, bought.price) == (65, 102.35)
    assert bought.reason == "bought at ask 102.35 of 13:14:02"
    assert (sold.units, sold.price) == (-65, 101.5)
    assert sold.reason == "sold at bid 101.50 of 13:14:02"


def test_more_than_stands_there_is_filled_and_says_so() -> None:
    filled = fill_at_quote(quote(ask_quantity=130.0), "B", 650, SOON)
    assert filled.units == 650
    assert filled.reason.endswith("; only 130 of the 650 units stood there")


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"ask": None}, "not quoted on both sides: bid 101.50, ask unknown"),
        ({"bid": 0.0}, "not quoted on both sides: bid unknown, ask 102.35"),
        ({"bid": 103.0}, "crossed"),
        ({"age_s": 46.0}, "stale: the chain is of 13:14:02"),
        ({"age_s": None}, "stale"),
    ],
)
def test_a_quote_nobody_could_deal_on_is_refused(known: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError, match=sentence):
        fill_at_quote(quote(**known), "B", 65, SOON)


def test_outside_the_session_nothing_is_filled_but_in_the_simulated_market() -> None:
    evening = AT.replace(hour=15, minute=40)
    with pytest.raises(RefusedError, match=r"closed at 15:40 on 20 November 2026"):
        fill_at_quote(quote(), "B", 65, evening)
    filled = fill_at_quote(quote(source="simulated"), "B", 65, evening)
    assert filled.reason == "bought at ask 102.35 of 13:14:02 (simulated)"


def test_on_a_day_that_the_calendar_does_not_cover_the_usual_hours_count() -> None:
    day = AT.replace(year=2031)
    far = replace(quote(contract=contract(expiry=day.date() + timedelta(days=6))), at=day)
    assert fill_at_quote(far, "B", 65, day).price == 102.35
    with pytest.raises(RefusedError, match=r"closed at 15:40 on 20 November 2031"):
        fill_at_quote(far, "B", 65, day.replace(hour=15, minute=40))


def test_a_replay_has_the_hours_of_its_own_day() -> None:
    months_later = AT + timedelta(days=200)
    assert fill_at_quote(quote(source="replayed"), "B", 65, months_later).price == 102.35
    before_the_open = replace(quote(source="replayed"), at=AT.replace(hour=9, minute=14))
    with pytest.raises(RefusedError, match="closed"):
        fill_at_quote(before_the_open, "B", 65, months_later)


def test_an_expired_contract_is_refused() -> None:
    dead = quote(contract=contract(expiry=AT.date() - timedelta(days=1)))
    with pytest.raises(RefusedError, match="has expired"):
        fill_at_quote(dead, "B", 65, SOON)


def test_nothing_is_filled_at_a_price_worse_than_the_limit() -> None:
    assert fill_at_quote(quote(), "B", 65, SOON, limit=102.35).price == 102.35
    with pytest.raises(RefusedError, match=r"ask 102\.35, above the limit of 102\.30"):
        fill_at_quote(quote(), "B", 65, SOON, limit=102.3)
    with pytest.raises(RefusedError, match=r"bid 101\.50, below the limit of 101\.55"):
        fill_at_quote(quote(), "S", 65, SOON, limit=101.55)
