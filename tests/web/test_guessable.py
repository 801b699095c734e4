"""New passwords that leaked or are soon guessed are refused, and no other rule is made."""

import subprocess
import sys

import pytest

from app.web.auth.guessable import demand_unguessable
from db.errors import InvalidInputError
from db.market.clock import market_now
from tests.support.paths import ROOT


def refusal(password: str, username: str = "nisha") -> str:
    with pytest.raises(InvalidInputError) as refused:
        demand_unguessable(password, username)
    return str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        *("password1", "P@ssw0rd1", "qwertyuiop", "12345678", "00000000", "iloveyou2"),
        *("nishanisha", "Nisha123", "OIGemini!", "banknifty1", "nifty50nifty50", "Sensex123"),
        *(f"Summer{market_now().year}!", f"Nisha@{market_now().year}"),
    ],
)
def test_what_is_tried_first_is_refused_in_one_sentence(password: str) -> None:
    said = refusal(password)
    assert "too easily guessed" in said
    assert password not in said


def test_the_three_thousand_commonest_that_are_long_enough_are_refused() -> None:
    from zxcvbn.matching import RANKED_DICTIONARIES

    # by rank; each ninth of them will do
    common = [each for each in RANKED_DICTIONARIES["passwords"] if len(each) >= 8][:3000]
    assert len(common) == 3000
    for password in common[::9]:
        assert "too easily guessed" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery", "kfwvqzjx", "73920418557", "no digits and no capitals here"),
        *(
            "नमस्ते दुनिया आज",
            "éééßüöä, ja",
            "x7" + "mangoes and rain " * 20,
            "a\0b\ud800c\nd‽ef",
        ),
    ],
)
def test_nothing_is_asked_of_its_characters(password: str) -> None:
    demand_unguessable(password, "nisha")


def test_a_short_one_is_told_how_long_it_must_be() -> None:
    assert "at least 8 characters" in refusal("k7#mQz!")


def test_a_web_worker_never_loads_the_lists() -> None:
    code = "import sys, app.web.factory; assert not {'zxcvbn', 'pyotp', 'segno'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
