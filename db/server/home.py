"""Where the local server's files lie, and the files we keep beside its data."""

import hashlib
import json
import os
import secrets
import tempfile
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from db.errors import ServerError
from db.server.account import Account, can_use, unprivileged_account
from db.server.lock import exclusive

_SYSTEM_ROOT = Path("/var/lib/oi-gemini")
# sun_path holds 108 bytes with its final zero; the socket adds /.s.PGSQL.65535
_SOCKET_FOLDER_MAX_BYTES = 107 - len("/.s.PGSQL.65535")


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered from one start to the next."""

    bin_dir: str
    port: int
    timescaledb_version: str


@dataclass(frozen=True, slots=True)
class Home:
    """Two folders: `path` (OI_HOME: password, state, lock) and `root` (program and data).

    They are one, unless root started us and its unprivileged account cannot reach `path`.
    """

    path: Path
    root: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """The folder of the server's account: data, socket and log."""
        return self.root / "cluster"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def programs(self) -> Path:
        return self.root / "postgresql-17"

    @property
    def sockets(self) -> Path | None:
        """The folder of the Unix socket, or None where its path would be too long."""
        folder = self.cluster / "run"
        return folder if len(os.fsencode(folder)) <= _SOCKET_FOLDER_MAX_BYTES else None

    @property
    def log(self) -> Path:
        return self.cluster / "server.log"

    @property
    def password_file(self) -> Path:
        return self.path / "password"

    def password(self) -> str | None:
        """The superuser's password, or None before the first start."""
        return _read(self.password_file)

    def make_password(self) -> str:
        """A new random password, kept in a file only we can read."""
        password = secrets.token_urlsafe(24)
        write_private(self.password_file, password + "\n")
        return password

    def state(self) -> State | None:
        """What the last start left, or None; an unreadable file counts as none."""
        text = _read(self.path / "server.json")
        try:
            return State(**json.loads(text)) if text else None
        except (TypeError, ValueError):
            return None

    def save_state(self, state: State) -> None:
        """Remember this for the next start."""
        write_private(self.path / "server.json", json.dumps(asdict(state)) + "\n")

    def make_cluster_folder(self) -> None:
        """Make the folder of the server's account, closed to all others."""
        self.cluster.mkdir(mode=0o700, exist_ok=True)
        self.own(self.cluster)

    def own(self, path: Path) -> None:
        """Hand a file or folder to the server's account."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the home: a second process waits until the first has finished."""
        return exclusive(self.path / "lock")


def open_home(path: Path, *, make: bool = False) -> Home:
    """The home at a path, `make` makes a missing one; raises ServerError when it is no folder."""
    path = Path(os.path.abspath(path))
    if not make and not path.exists():
        return Home(path, path, None)
    try:
        path.mkdir(parents=True, exist_ok=True)
        account = unprivileged_account()
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError
        return Home(path, _root(path, account), account)
    except FileExistsError:
        raise ServerError(f"{path} is not a folder: move it away or set OI_HOME.") from None
    except PermissionError:
        raise ServerError(f"{path} cannot be written: set OI_HOME to a folder of yours.") from None


def _root(path: Path, account: Account | None) -> Path:
    # remembered, because a home that is opened later must not part us from the data
    note = path / "location"
    if remembered := _read(note):
        return Path(remembered)
    if account is None or can_use(account, path):
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    root = _SYSTEM_ROOT / name
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_private(note, f"{root}\n")
    return root


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except PermissionError:
        raise _of_another_user(path) from None


def _of_another_user(path: Path) -> ServerError:
    return ServerError(f"{path} belongs to another user: run this as that user, or set OI_HOME.")
