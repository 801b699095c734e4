"""Exchange keys: the four that come along, those of an operator, and which expiry each follows."""

from datetime import date
from pathlib import Path

import pytest

from db.errors import InvalidInputError
from db.market.exchanges import EXCHANGES, Exchanges, ExpiryRule

LISTED = [
    date(2026, 11, 17),
    date(2026, 11, 23),
    date(2026, 12, 1),
    date(2026, 12, 8),
    date(2026, 12, 29),
    date(2027, 1, 26),
]

ONE = """
[[exchange]]
key = "FINNIFTY"
label = "FINNIFTY"
underlying = "FINNIFTY"
name = "NIFTY FIN SERVICE"
segment = "NFO"
index = "NSE:NIFTY FIN SERVICE"
index_token = 257801
strike_step = 50
expiry = "monthly+1"
strikes = 20
"""


def test_four_keys_come_along() -> None:
    assert list(EXCHANGES) == ["NSE", "BSE", "NSE_MONTHLY", "BANKNIFTY_MONTHLY"]
    assert [each.is_weekly for each in EXCHANGES.values()] == [True, True, False, False]


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (ExpiryRule(), date(2026, 11, 17), date(2026, 11, 17)),
        (ExpiryRule(), date(2026, 11, 18), date(2026, 11, 23)),
        (ExpiryRule(), date(2026, 11, 24), date(2026, 12, 1)),
        (ExpiryRule(skipped=1), date(2026, 11, 18), date(2026, 12, 1)),
        (ExpiryRule(monthly=True), date(2026, 11, 18), date(2026, 11, 23)),
        (ExpiryRule(monthly=True), date(2026, 11, 24), date(2026, 12, 29)),
        (ExpiryRule(monthly=True, skipped=1), date(2026, 11, 24), date(2027, 1, 26)),
        (ExpiryRule(monthly=True, skipped=3), date(2026, 11, 24), None),
        (ExpiryRule(fixed=date(2026, 12, 8)), date(2026, 12, 8), date(2026, 12, 8)),
        (ExpiryRule(fixed=date(2026, 12, 8)), date(2026, 12, 9), None),
        (ExpiryRule(fixed=date(2026, 12, 9)), date(2026, 12, 1), None),
    ],
)
def test_an_expiry_is_chosen_from_what_is_listed(
    rule: ExpiryRule, day: date, expected: date | None
) -> None:
    assert rule.chosen(LISTED, day) == expected


def test_an_operators_file_adds_keys_and_may_stand_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(ONE)
    keys = Exchanges()
    keys.adopt(own)
    assert list(keys) == [*EXCHANGES, "FINNIFTY"]
    assert keys["FINNIFTY"].expiry_rule == ExpiryRule(monthly=True, skipped=1)
    own.write_text("defaults = false\n" + ONE)
    keys.adopt(own)
    assert list(keys) == ["FINNIFTY"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key =", "own.toml"),
        ("defaults = false", "names no exchange key"),
        (ONE.replace('key = "FINNIFTY"\n', ""), "lacks 'key'"),
        (ONE.replace('"FINNIFTY"', '"fin nifty"', 1), "is no key"),
        (ONE.replace("NFO", "MCX"), "neither NFO nor BFO"),
        (ONE.replace("= 50", "= 0"), "must be positive"),
        (ONE.replace("monthly+1", "yearly"), "expiry of FINNIFTY"),
        (ONE.replace("= 20", "= 0"), "whole number from 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, text: str, said: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    keys = Exchanges()
    with pytest.raises(InvalidInputError, match=said.replace("+", r"\+")):
        keys.adopt(own)
    assert list(keys) == list(EXCHANGES)
