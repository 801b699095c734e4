"""Servers that run beside the database: the system's, else Debian's packages, unpacked."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from db.errors import ServerError
from db.server.apt import private_apt
from db.server.lock import exclusive
from db.server.packages import wanted_packages
from db.settings import settings

_ROOT = Path(__file__).resolve().parents[2]
_INSTALLED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"


def program(name: str, package: str, family: str) -> list[str]:
    """The command that runs a program; raises ServerError where none is to be had.

    Packages whose names begin with `family` are taken, and the libraries that they need.
    """
    found = shutil.which(name, path=_INSTALLED)
    if found is not None:
        return [found]
    home = _ROOT / settings().home
    home.mkdir(exist_ok=True)
    folder = home / family
    with exclusive(home / f"{family}.lock"):
        if not folder.exists():
            _unpack(package, family, folder)
    # the packages' own loader, as their C library may be newer than the system's
    loaders = list(folder.glob("usr/lib/*/ld-linux*.so*"))
    programs = list(folder.glob(f"usr/*bin/{name}"))
    if not loaders or not programs:
        raise ServerError(f"{folder} holds no {name}; without that folder it is unpacked anew.")
    return [str(loaders[0]), "--library-path", str(loaders[0].parent), str(programs[0])]


def listens(port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def _unpack(package: str, family: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{family}.new-") as work:
        apt, root = private_apt(Path(work)), Path(work) / "root"
        closure = apt.closure((package,))
        own = [each for each in closure if each.startswith(family)]
        for file in apt.download([*own, *wanted_packages(closure)]):
            subprocess.run(["dpkg-deb", "--extract", file, root], check=True)  # noqa: S603, S607
        root.rename(folder)
