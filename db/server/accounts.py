"""As whom the program's processes sign in at the local server: each with the rights it needs.

The superuser is for migrations, upkeep and the database administrator's door.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL

from db.errors import ServerError
from db.parts import Part
from db.roles.declared import WEB, WRITER
from db.server.home import Home, write_private

DASHBOARD, COLLECTOR = "oi_dashboard", "oi_collector"
OF_PART: Mapping[Part, str] = {"web": DASHBOARD, "collector": COLLECTOR}
_ROLES = {DASHBOARD: WEB, COLLECTOR: WRITER}
_BYTES = 24


def make_accounts(home: Home, admin: URL) -> None:
    """Make them with the passwords that are kept, or with new ones; nothing else is changed.

    Raises ServerError where the running server refuses.
    """
    import psycopg

    from db import links
    from db.roles.logins import keep_login, make_roles

    kept = passwords(home)
    if set(kept) != set(_ROLES):
        kept = {name: secrets.token_urlsafe(_BYTES) for name in _ROLES}
    try:
        with links.connect(admin, application_name="oi server") as session:
            make_roles(session)
            for name, role in _ROLES.items():
                keep_login(session, name, kept[name], role)
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise ServerError(f"The server runs, but its accounts are not ready: {reason}.") from error
    write_private(home.path / "accounts", json.dumps(kept) + "\n")


def passwords(home: Home) -> dict[str, str]:
    """The password of each account, none before they were made; raises ServerError for others'."""
    try:
        kept: Any = json.loads((home.path / "accounts").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    except PermissionError:
        raise ServerError(f"{home.path / 'accounts'} belongs to another user.") from None
    return kept if isinstance(kept, dict) else {}
