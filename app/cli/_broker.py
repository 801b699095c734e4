"""The account at the broker, as the commands come by it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.kite.account import Account


def account() -> "Account":
    """The account of the settings, its secrets kept out of all that is logged from now on."""
    from app.kite import secrets
    from app.kite.account import account_of
    from app.web.auth.session_key import session_key
    from db.settings import settings

    secrets.install()
    return account_of(settings(), session_key)
