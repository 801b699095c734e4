"""The account the server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from db.errors import ServerError

_PREFERRED = ("postgres", "oi-gemini")


@dataclass(frozen=True, slots=True)
class Account:
    """A user that programs are started as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> "Account | None":
        """The system's user of that name, or None."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(name, entry.pw_uid, entry.pw_gid)


def unprivileged_account() -> Account | None:
    """The account to drop to, made if none is there; None where we are not root.

    Raises ServerError when root has no such account and cannot make one.
    """
    if os.geteuid() != 0:
        return None
    for name in _PREFERRED:
        if account := Account.named(name):
            return account
    return _made_account(_PREFERRED[-1])


def _made_account(name: str) -> Account:
    if not (useradd := shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")):
        raise ServerError(
            "PostgreSQL does not run as root and there is no useradd here: "
            f"make a system user named {name} first."
        )
    made = subprocess.run(  # noqa: S603  # a fixed program with fixed arguments
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name],
        capture_output=True,
        text=True,
    )
    account = Account.named(name)
    if account is None:
        raise ServerError(f"The system user {name} could not be made: {made.stderr.strip()}.")
    return account


def run_as(
    account: Account | None, program: str | Path, *arguments: str | Path, cwd: Path
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end as the account (None: as ourselves) in a bare environment.

    PG… variables of the caller never reach the program. Output is captured as text.
    """
    return subprocess.run(  # noqa: S603  # programs of the server found or unpacked by us
        [str(program), *map(str, arguments)],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # Ctrl-C at the terminal is ours to handle, not the server's
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def can_use(account: Account | None, folder: Path) -> bool:
    """Whether the account can reach and look into a folder."""
    if account is None:
        return os.access(folder, os.X_OK)
    seen = run_as(account, "/bin/sh", "-c", 'cd -- "$1"', "sh", folder, cwd=Path("/"))
    return seen.returncode == 0
