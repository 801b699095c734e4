"""Programs that root starts need none of its rights: they become another account first."""

import os
import pwd

from db.errors import SettingsError


def warning() -> str | None:
    """What to say where a program runs as root; None where it does not."""
    if os.geteuid() != 0:
        return None
    return "This runs as root; OI_RUN_AS can name an account with fewer rights."


def drop(account: str | None) -> None:
    """Become that account for good; where we are not root, or none is named, nothing changes.

    Raises SettingsError for an account that is none, is root itself, or cannot be become.
    """
    if account is None or os.geteuid() != 0:
        return
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        raise SettingsError(f"OI_RUN_AS names {account!r}, and there is no such account.") from None
    if entry.pw_uid == 0:
        raise SettingsError("OI_RUN_AS must name another account than root.")
    try:
        os.initgroups(entry.pw_name, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except OSError as error:
        raise SettingsError(f"The account {account} cannot be become: {error.strerror}.") from error
    os.environ["HOME"] = entry.pw_dir
