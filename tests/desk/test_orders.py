"""What is an order, and what is refused with a sentence."""

from typing import Any

import pytest

from app.desk.paper.orders import Leg, Order, order_of
from db.errors import InvalidInputError
from db.market.limits import PAPER_MOST_LEGS, PAPER_MOST_LOTS

LEG: dict[str, Any] = {"exchange": "NSE", "symbol": "NIFTY26N2626000CE", "side": "B", "lots": 2}
KEY = "a-key-of-a-test"


def test_an_order_is_its_key_and_its_legs() -> None:
    asked = {"key": KEY, "legs": [LEG, {**LEG, "symbol": "X", "side": "S", "limit": 10}]}
    first = Leg("NSE", "NIFTY26N2626000CE", "B", 2)
    assert order_of(asked) == Order(KEY, (first, Leg("NSE", "X", "S", 2, 10.0)))


@pytest.mark.parametrize(
    ("leg", "sentence"),
    [
        ({"exchange": "NYSE"}, "known are NSE"),
        ({"exchange": 7}, "known are NSE"),
        ({"symbol": "drop table"}, "symbol"),
        ({"symbol": None}, "symbol"),
        ({"side": "b"}, "side must be B"),
        ({"lots": 0}, "lots"),
        ({"lots": PAPER_MOST_LOTS + 1}, "lots"),
        ({"lots": 1.0}, "lots"),
        ({"lots": True}, "lots"),
        ({"limit": -1}, "limit"),
        ({"limit": float("nan")}, "limit"),
        ({"limit": "10"}, "limit"),
        ({"price": 10}, "has no 'price'"),
    ],
)
def test_a_senseless_leg_is_refused(leg: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        order_of({"key": KEY, "legs": [{**LEG, **leg}]})


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (None, "JSON object"),
        ([LEG], "JSON object"),
        ({"key": KEY, "legs": []}, "at least one"),
        ({"key": KEY, "legs": "NSE"}, "must be a list"),
        ({"key": KEY, "legs": [LEG, LEG]}, "each contract once"),
        ({"key": KEY, "legs": [7]}, "A leg must be"),
        ({"key": KEY, "legs": [LEG] * (PAPER_MOST_LEGS + 1)}, "at most 10 legs"),
        ({"key": "short", "legs": [LEG]}, "key must be"),
        ({"legs": [LEG]}, "key must be"),
        ({"key": KEY, "legs": [LEG], "rests": True}, "names a limit for each leg"),
        ({"key": KEY, "legs": [LEG], "rests": 1}, "rests must be"),
        ({"key": KEY, "legs": [LEG], "user": "other"}, "has no 'user'"),
    ],
)
def test_a_senseless_order_is_refused(asked: Any, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        order_of(asked)
