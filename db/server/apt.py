"""apt-get with a state of its own: reads Debian's archive, changes nothing in the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import ServerError
from db.server.faults import tells_full_disk

_SUITE = "trixie"
_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
_TOOLS = ("apt-get", "apt-config", "dpkg", "dpkg-deb")
_ELSEWHERE = "set OI_DATABASE_URL to a PostgreSQL that has TimescaleDB, or run `docker compose up`"


@dataclass(frozen=True, slots=True)
class Apt:
    """A private apt in a folder: own lists, cache and (empty) list of installed packages."""

    folder: Path

    def closure(self, packages: Sequence[str]) -> list[str]:
        """The names of these packages and all they need, from a fresh package list."""
        self._run(["apt-get", "update"])
        simulated = self._run(["apt-get", "install", "--simulate", *packages])
        return re.findall(r"^Inst (\S+)", simulated, re.MULTILINE)

    def download(self, packages: Sequence[str]) -> list[Path]:
        """Fetch packages, verified against the archive's signature; their .deb files."""
        target = self.folder / "debs"
        target.mkdir(exist_ok=True)
        self._run(["apt-get", "download", *packages], cwd=target)
        return sorted(target.glob("*.deb"))

    def _run(self, command: Sequence[str], cwd: Path | None = None) -> str:
        done = subprocess.run(  # noqa: S603  # apt's own programs, package names of ours
            command,
            cwd=cwd or self.folder,
            env=os.environ | {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        # apt-get update exits 0 when an index could not be fetched: it only warns
        if done.returncode != 0 or re.search(r"^W: .*Failed to fetch", done.stderr, re.MULTILINE):
            raise ServerError(_explained(done.stderr))
        return done.stdout


def private_apt(folder: Path) -> Apt:
    """Set up an apt in an empty folder; raises ServerError where Debian's archive is no choice."""
    source = f"deb [signed-by={_keyring()}] {_mirror()} {_SUITE} main\n"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(source, encoding="utf-8")
    own = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    lines = [*_transport_settings(), *(f'{name} "{value}";' for name, value in own.items())]
    # readable by us alone: a proxy's address may hold a password
    (folder / "apt.conf").touch(mode=0o600)
    (folder / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Apt(folder)


def _keyring() -> Path:
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        raise ServerError(
            f"No PostgreSQL with TimescaleDB is installed, and without {missing[0]} none can be "
            f"unpacked here: {_ELSEWHERE}."
        )
    for keyring in _KEYRINGS:
        if keyring.exists():
            return keyring
    raise ServerError(
        "Debian's packages cannot be verified without their keys: install the package "
        f"debian-archive-keyring, or {_ELSEWHERE}."
    )


def _mirror() -> str:
    """The Debian mirror this machine already uses, or OI_DEBIAN_MIRROR."""
    if named := os.environ.get("OI_DEBIAN_MIRROR"):
        return named
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r'^VERSION_CODENAME="?(\w+)', release, re.MULTILINE)
    suites = {codename[1] if codename else _SUITE, "stable", "testing", "unstable", "sid"}
    if re.search(r'^ID="?debian"?$', release, re.MULTILINE):
        uris = _system_apt(["apt-get", "update", "--print-uris"])
        for mirror, suite in re.findall(r"^'(\S+?)/?/dists/(\S+)/InRelease'", uris, re.MULTILINE):
            if suite in suites and "debian" in mirror:
                return str(mirror)
    raise ServerError(
        "No PostgreSQL with TimescaleDB is installed, and this system has no Debian mirror to "
        f"take one from: {_ELSEWHERE}."
    )


def _transport_settings() -> list[str]:
    """The system's proxies, certificates and timeouts; nothing else of its configuration."""
    dump = _system_apt(["apt-config", "dump", "Acquire"])
    wanted = re.compile(r"^Acquire::(https?|ftp|Retries)\b.* \"[^\"]+\";$", re.IGNORECASE)
    return [line for line in dump.splitlines() if wanted.match(line)]


def _system_apt(command: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603  # apt's own programs, fixed arguments
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout


def _explained(stderr: str) -> str:
    if tells_full_disk(stderr):
        return "The disk is full: TimescaleDB's packages need about 400 MB while they are unpacked."
    if "NO_PUBKEY" in stderr:
        return "This machine's debian-archive-keyring is too old for Debian 13: update it."
    reasons = [line for line in stderr.splitlines() if line.startswith(("E:", "W:"))]
    reason = (reasons or stderr.splitlines() or ["apt-get failed"])[0].removeprefix("E: ")
    return f"TimescaleDB's packages could not be downloaded ({reason}): try again, or {_ELSEWHERE}."
