"""Codes of authenticators as RFC 6238 has them, recovery codes, and what is kept of either."""

import pytest

from app.web.auth import codes
from app.web.auth.codes import Seal

# https://www.rfc-editor.org/rfc/rfc6238#appendix-B, the last six digits
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - of the document
RFC_CODES = {
    59: "287082",
    1_111_111_109: "081804",
    1_234_567_890: "005924",
    2_000_000_000: "279037",
    20_000_000_000: "353130",
}


@pytest.mark.parametrize(("now", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    assert codes.step_of(RFC_SECRET, code, now) == now // 30


def test_a_clock_may_be_a_step_off_and_no_more() -> None:
    now = 1_234_567_890
    steps = [codes.step_of(RFC_SECRET, "005924", now + 30 * off) for off in range(-2, 3)]
    assert steps == [None, now // 30, now // 30, now // 30, None]


@pytest.mark.parametrize("typed", ["005 924", " 005924 ", "005-924", "005\u00a0924"])
def test_what_people_put_between_digits_does_not_count(typed: str) -> None:
    assert codes.step_of(RFC_SECRET, typed, 1_234_567_890) is not None


@pytest.mark.parametrize("typed", ["", "5924", "0059240", "x", "é\0", "\ud800", "9" * 60_000])
def test_anything_else_is_no_code(typed: str) -> None:
    assert codes.step_of(RFC_SECRET, typed, 1_234_567_890) is None
    assert not codes.is_recovery(codes.plain(typed))


def test_recovery_codes_differ_and_are_known_by_their_hashes_alone() -> None:
    made = codes.new_recovery_codes()
    assert len({code[1:] for code in made}) == len(made) == 8
    kept = codes.hashes_of(made[:2])
    assert all(each.startswith("$argon2id$") for each in kept)
    typed = codes.plain(codes.spaced(made[1]))
    assert codes.is_recovery(typed)
    spent = codes.recovery_of(kept, typed)
    assert spent is not None
    assert (spent.number, spent.code_hash) == (2, kept[1])
    for known, code in (
        ([kept[0], None], made[1]),
        (kept, made[2]),
        (kept, f"1{made[1][1:]}"),
        (kept, f"0{made[1][1:]}"),
        ([], made[1]),
    ):
        assert codes.recovery_of(known, code) is None


def test_a_sealed_secret_opens_with_its_key_for_its_user_alone() -> None:
    kept = Seal("a key").closed("nisha", RFC_SECRET)
    assert RFC_SECRET not in kept
    assert Seal("a key").opened("nisha", kept) == RFC_SECRET
    assert Seal("another key").opened("nisha", kept) is None
    assert Seal("a key").opened("asha", kept) is None
    assert Seal("a key").opened("nisha", "é nothing") is None


def test_the_picture_holds_nothing_that_a_policy_forbids() -> None:
    address = codes.address_of('ni"sha & <co>', RFC_SECRET)
    assert address.startswith("otpauth://totp/OI%20Gemini:")
    drawn = codes.picture_of(address)
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert "script" not in drawn
