"""The token of a form, which a page of another site cannot know.

Each time it is shown under another mask: a packed page's length tells nothing of it (BREACH).
"""

import base64
import binascii
import hmac
import secrets

from flask import Request, session

_BYTES = 24
_FIELD = "csrf"


def csrf_token() -> str:
    """The session's token for a form's hidden field `csrf`; templates call it."""
    if not isinstance(session.get(_FIELD), str):
        session[_FIELD] = secrets.token_hex(_BYTES)
    mask = secrets.token_bytes(_BYTES)
    return base64.urlsafe_b64encode(mask + _masked(_secret(), mask)).decode()


def token_matches(asked: Request) -> bool:
    """Whether the form came from a page of this session."""
    try:
        given = base64.urlsafe_b64decode(asked.form.get(_FIELD, "").encode())
    except (ValueError, binascii.Error):
        return False
    mask, masked = given[:_BYTES], given[_BYTES:]
    secret = _secret()
    if len(secret) != _BYTES or len(masked) != _BYTES:
        return False
    return hmac.compare_digest(_masked(masked, mask), secret)


def _secret() -> bytes:
    try:
        return bytes.fromhex(session.get(_FIELD, ""))
    except (ValueError, TypeError):
        return b""


def _masked(text: bytes, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, mask, strict=False))
