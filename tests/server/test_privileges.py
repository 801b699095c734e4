"""What root starts becomes another account for good, or says why it cannot."""

import os
import subprocess
import sys

import pytest

from db import privileges
from db.errors import SettingsError
from tests.support.paths import ROOT

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
_PROGRAM = """
import os
from db import privileges
privileges.drop("nobody")
assert privileges.warning() is None
print(os.getresuid(), os.getresgid(), os.getgroups())
try:
    os.setuid(0)
except PermissionError:
    print("for good")
"""


@as_root
def test_root_becomes_the_account_for_good() -> None:
    import pwd

    entry = pwd.getpwnam("nobody")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ids, ended = done.stdout.splitlines()
    assert ids.startswith(f"{(entry.pw_uid,) * 3} {(entry.pw_gid,) * 3} [")
    assert "[0" not in ids
    assert ended == "for good"


@as_root
@pytest.mark.parametrize("account", ["root", "no-such-account", ""])
def test_an_account_that_will_not_do_is_one_sentence(account: str) -> None:
    with pytest.raises(SettingsError, match="OI_RUN_AS"):
        privileges.drop(account)


def test_without_an_account_root_is_warned_and_others_keep_theirs() -> None:
    before = os.getresuid()
    privileges.drop(None)
    assert os.getresuid() == before
    assert (privileges.warning() is not None) == (os.geteuid() == 0)
