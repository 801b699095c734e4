"""Programs that root starts need none of its rights: they become another account first."""

import os
import pwd

from db.errors import SettingsError


def drop(account: str | None) -> str | None:
    """Become that account for good; where we are not root there is nothing to drop.

    Answers a warning where root has named none. Raises SettingsError for an account that is none,
    is root itself, or cannot be become.
    """
    if os.geteuid() != 0:
        return None
    if account is None:
        return "This runs as root; OI_RUN_AS can name an account with fewer rights."
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
    return None
