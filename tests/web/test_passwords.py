"""What a sign-in is held against, and that a refusal takes as long whoever it was asked of."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from app.web.auth import passwords
from db.errors import SettingsError
from tests.web.conftest import HashesHeld

PASSWORD = "correct horse"  # noqa: S105 - of no account
BEFORE = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4).hash(PASSWORD)
NOW = passwords.hashed(PASSWORD)


def test_new_hashes_are_made_as_owasp_asks() -> None:
    made = extract_parameters(NOW)
    assert made.type.name == "ID"
    assert (made.memory_cost, made.time_cost, made.parallelism) == (19 * 1024, 2, 1)


@pytest.mark.parametrize("known", [NOW, BEFORE])
def test_the_right_password_is_taken_whichever_parameters_made_its_hash(known: str) -> None:
    assert passwords.verified(known, PASSWORD, "a test")
    assert not passwords.verified(known, PASSWORD + "x", "a test")
    assert not passwords.verified(known, PASSWORD, "a test", counts=False)


def test_a_refusal_costs_the_same_whoever_it_was_asked_of(held: HashesHeld) -> None:
    costs = []
    for known, password, counts in (
        (NOW, "wrong", True),
        (BEFORE, "wrong", True),
        (None, "wrong", True),
        (NOW, PASSWORD, False),
        (BEFORE, PASSWORD, False),
    ):
        held.clear()
        assert not passwords.verified(known, password, "a test", counts=counts)
        costs.append(dict(held))
    assert costs == [{(19_456, 2, 1): 1, (65_536, 3, 4): 1}] * 5


def test_what_is_no_hash_is_named_with_its_remedy() -> None:
    with pytest.raises(SettingsError, match=r"site_users .*python -m app password"):
        passwords.verified("plain", PASSWORD, "site_users")
