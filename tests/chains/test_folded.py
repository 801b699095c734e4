"""A chain within the page leaves out what follows from the rest, and nothing else."""

from typing import Any

from app.chains.folded import folded
from app.chains.state import Chain
from app.chains.wire import full_message
from tests.support.chain_states import head, option

LOT = 65


def columns_of(*known: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """By name what is told of contracts at strikes of 100, 200, …."""
    rows = tuple(
        option(100.0 * (n + 1), "CE", **{"oi": LOT * 100, **one}) for n, one in enumerate(known)
    )
    told = folded(full_message(Chain("NSE", head(1), rows), "live", book=False))
    return dict(zip(told["fields"], told["columns"], strict=True)), told["count"]


def test_quantities_are_told_in_what_all_are_multiples_of() -> None:
    told, count = columns_of({"oi": 130}, {"oi": None}, {"oi": 0}, {"oi": 195})
    assert count == 4
    assert told["oi"] == {"each": 65, "of": [2, None, 0, 3]}
    assert told["strike"] == {"each": 100, "of": [1, 2, 3, 4]}


def test_what_has_no_common_measure_is_told_as_it_is() -> None:
    told, _ = columns_of({"volume": 3, "ltp": 1.05}, {"volume": 5, "ltp": 2.0})
    assert told["volume"] == [3, 5]
    assert told["ltp"] == [1.05, 2.0]


def test_a_change_in_percent_follows_from_its_quantity() -> None:
    known = {"oi": 110, "oi_change_3m": 10, "pct_change_3m": 10.0}
    unknown = {"oi": None, "oi_change_3m": None, "pct_change_3m": None}
    told, _ = columns_of(known, unknown, known)
    assert told["pct_3m"] == {"but": [], "stem": None}


def test_a_change_that_follows_otherwise_is_told() -> None:
    known = {"oi": 110, "oi_change_3m": 10, "pct_change_3m": 10.0}
    told, _ = columns_of(*(dict(known) for _ in range(7)), known | {"pct_change_3m": 10.5})
    assert told["pct_3m"] == {"but": [7, 10.5], "stem": None}
    # where much is otherwise, all of it is told
    told, _ = columns_of(*(known | {"pct_change_3m": value} for value in (1.5, 2.5, None, 4.5)))
    assert told["pct_3m"] == [1.5, 2.5, None, 4.5]


def test_symbols_are_told_by_what_they_begin_with() -> None:
    told, _ = columns_of({}, {}, {})
    assert told["symbol"] == {"but": [], "stem": "NIFTY"}


def test_symbols_of_another_form_are_told() -> None:
    told, _ = columns_of({"symbol": "ONE"}, {"symbol": "TWO"})
    assert told["symbol"] == ["ONE", "TWO"]


def test_a_chain_of_nothing_folds_too() -> None:
    told, count = columns_of()
    assert count == 0
    assert told["strike"] == []
