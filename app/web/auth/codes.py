"""Codes of an authenticator (RFC 6238) and recovery codes: made, held against what is known.

https://www.rfc-editor.org/rfc/rfc6238. Of recovery codes argon2 hashes are kept, of a secret what
`Seal` makes of it: whoever reads the database alone can make no code.
"""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from app.web.auth.passwords import hashed, verified

_ISSUER = "OI Gemini"
_DIGITS = 6
# a phone's clock may be half a minute off either way
_STEPS_OFF = 1
_RECOVERY_CODES = 8
# the first one is the code's number, so that one hash is held against it and not all
_RECOVERY_DIGITS = 17
_GROUP = 4
_PURPOSE = b"second-factor"
_BETWEEN = str.maketrans("", "", " -\u00a0\t")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a right code uses up: a step of time, or (`number` from 1 on) a recovery code."""

    step: int = 0
    number: int = 0
    code_hash: str = ""


class Seal:
    """Closes secrets with the key that signs sessions, each for one user alone."""

    def __init__(self, secret_key: str) -> None:
        digest = blake2b(secret_key.encode(), digest_size=32, person=_PURPOSE).digest()
        self._key = urlsafe_b64encode(digest)

    def closed(self, name: str, secret: str) -> str:
        """A secret as the database may keep it."""
        from cryptography.fernet import Fernet

        kept = json.dumps({"name": name, "secret": secret})
        return Fernet(self._key).encrypt(kept.encode()).decode("ascii")

    def opened(self, name: str, kept: str) -> str | None:
        """The secret; None where it was closed with another key, or for somebody else."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            found = json.loads(Fernet(self._key).decrypt(kept.encode()))
        except (InvalidToken, ValueError):
            return None
        return str(found["secret"]) if found["name"] == name else None


def new_secret() -> str:
    """A random secret of 160 bits, as authenticators take it."""
    import pyotp

    return pyotp.random_base32()


def address_of(name: str, secret: str) -> str:
    """The address that hands a secret over to an authenticator, otpauth://…"""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def picture_of(address: str) -> str:
    """That address as a QR code, an SVG element with nothing in it but shapes."""
    import segno

    drawn = segno.make(address, error="m", micro=False)
    return str(drawn.svg_inline(scale=4, dark="#000", light="#fff", svgclass=None, lineclass=None))


def step_of(secret: str, code: str, now: float) -> int | None:
    """The step of time whose code this is, of those near enough to `now`, in seconds since 1970;
    None for a wrong one."""
    import pyotp
    from pyotp.exceptions import OTPVerificationError

    given = plain(code)
    if len(given) != _DIGITS or not _is_number(given):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            given, for_time=now, valid_window=_STEPS_OFF
        )
    except OTPVerificationError:
        return None


def plain(code: str) -> str:
    """A code without what people put between digits."""
    return code.translate(_BETWEEN)


def is_recovery(code: str) -> bool:
    """Whether a plain code has the form of a recovery code."""
    return len(code) == _RECOVERY_DIGITS and _is_number(code)


def new_recovery_codes() -> tuple[str, ...]:
    """Codes that open once each: eight, of sixteen random digits behind their number."""
    most = 10 ** (_RECOVERY_DIGITS - 1)
    return tuple(
        f"{number}{secrets.randbelow(most):0{_RECOVERY_DIGITS - 1}}"
        for number in range(1, _RECOVERY_CODES + 1)
    )


def hashes_of(recovery_codes: Sequence[str]) -> list[str]:
    """What is kept of them, by number."""
    return [hashed(code) for code in recovery_codes]


def spaced(recovery_code: str) -> str:
    """A recovery code as people read it: its number, then groups of four."""
    rest = recovery_code[1:]
    groups = (rest[at : at + _GROUP] for at in range(0, len(rest), _GROUP))
    return "-".join((recovery_code[0], *groups))


def recovery_of(known: Sequence[str | None], code: str) -> Spent | None:
    """What a plain code of that form uses up; as slow for nobody's (`known` empty) as for a wrong
    one."""
    number = int(code[0])
    code_hash = known[number - 1] if 1 <= number <= len(known) else None
    is_right = verified(code_hash, code, "site_second_factors")
    return Spent(number=number, code_hash=code_hash) if is_right and code_hash else None


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit()
