"""Sessions in files, for while there is no database: one each, shared by a machine's workers.

A file's name is a digest of the session's secret, its modification time is when the session was
last seen. To ask for a session costs one `stat`, so that every request may.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from db.errors import SettingsError
from db.settings import Settings

SECRET_BYTES = 32
"""Of the random part of a session's id, wherever the session is kept."""

_DIGEST_BYTES = 20
_MOST_TOUCH_S = 60.0


@dataclass(frozen=True, slots=True)
class _Record:
    user: str
    proof: str
    opened_at: float


class Sessions:
    """Opens, finds and ends sessions.

    A session is over when it is closed, when nobody was seen for `idle_s`, after `lifetime_s`, and
    when `proof_of` its user, a fingerprint of the password, is another than at sign-in.
    """

    def __init__(
        self,
        folder: Path,
        *,
        idle_s: float,
        lifetime_s: float,
        proof_of: Callable[[str], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._idle_s = idle_s
        self._lifetime_s = lifetime_s
        self._proof_of = proof_of
        self._clock = clock

    @classmethod
    def of(
        cls, settings: Settings, store: Path, proof_of: Callable[[str], str | None]
    ) -> "Sessions":
        """Those kept in the folder `store`, with the limits of the settings."""
        return cls(
            store / "sessions",
            idle_s=settings.session_idle_s,
            lifetime_s=settings.session_lifetime_s,
            proof_of=proof_of,
        )

    def open(self, user: str) -> str:
        """Begin a session; its id is a secret. Raises SettingsError when it cannot be kept."""
        sid = secrets.token_urlsafe(SECRET_BYTES)
        now = self._clock()
        record = {"user": user, "proof": self._proof_of(user), "opened_at": now}
        path = self._path(sid)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(record, file)
            os.utime(path, (now, now))
        except OSError as error:
            raise SettingsError(
                f"No session can be kept in {self._folder}: {error.strerror}."
            ) from error
        self._sweep()
        return sid

    def user_of(self, sid: str) -> str | None:
        """Whose session it is, which counts as seen now; None when it is over or was never."""
        path = self._path(sid)
        try:
            found = path.stat()
            record = _read(path, found.st_ino)
        except (OSError, ValueError):
            return None
        now = self._clock()
        if now - found.st_mtime > self._idle_s or now - record.opened_at > self._lifetime_s:
            return None
        if record.proof != self._proof_of(record.user):
            return None
        if now - found.st_mtime > touch_s(self._idle_s):
            with contextlib.suppress(OSError):
                os.utime(path, (now, now))
        return record.user

    def is_open(self, sid: str) -> bool:
        """Whether a session goes on; an open page that asks keeps it from being idle."""
        return self.user_of(sid) is not None

    def close(self, sid: str) -> None:
        """End a session; whoever has its cookie has nothing."""
        self._path(sid).unlink(missing_ok=True)

    def close_all(self, user: str | None) -> int:
        """End all sessions of a user, or (None) of everybody; answers how many there were."""
        ended = 0
        for path in self._files():
            with contextlib.suppress(OSError, ValueError):
                if user in (None, _read(path, path.stat().st_ino).user):
                    path.unlink()
                    ended += 1
        return ended

    def _sweep(self) -> None:
        for path in self._files():
            with contextlib.suppress(OSError):
                if self._clock() - path.stat().st_mtime > self._idle_s:
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from self._folder.iterdir()

    def _path(self, sid: str) -> Path:
        return self._folder / digest(sid)


def digest(sid: str) -> str:
    """What is kept of a session's id, so that whoever reads the store can sign in nowhere."""
    return blake2b(sid.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).hexdigest()


def touch_s(idle_s: float) -> float:
    """How often it is noted that a session was seen: several times before it would be idle."""
    return min(_MOST_TOUCH_S, idle_s / 4)


@lru_cache(maxsize=2048)
def _read(path: Path, _inode: int) -> _Record:
    """A session's contents, which never change; raises ValueError for a torn file."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    try:
        return _Record(str(kept["user"]), str(kept["proof"]), float(kept["opened_at"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no session") from error
