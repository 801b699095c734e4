"""The session at the broker, encrypted at rest and shared by the processes of one machine.

Its end is documented as 6:00 IST and said by staff to lie up to 7:30: the time is a hint, a refusal
(403) is the sign. https://kite.trade/docs/connect/v3/user/
"""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path

from app.kite.secrets import scrubber
from db.errors import SettingsError
from db.market.clock import IST, market_now
from db.private_files import replace_private
from db.settings import Settings

_FILE = "kite-session"
_REQUEST_FILE = "kite-request"
_ENDS = time(6, 0)
_PURPOSE = b"kite-session"


def broker_folder(settings: Settings) -> Path:
    """Where what is known of the broker is kept: a stand-in's apart from the real one's."""
    named = "".join(filter(str.isalnum, settings.kite_api_key or ""))
    return settings.home / "kite" / named


@dataclass(frozen=True, slots=True)
class BrokerSession:
    """Who is logged in at the broker, since when; the access token never shows."""

    user_id: str
    access_token: str = field(repr=False)
    logged_in_at: datetime

    @property
    def ends_about(self) -> datetime:
        """The next 6:00 IST after the login: when the broker will likely end it."""
        local = self.logged_in_at.astimezone(IST)
        same_day = datetime.combine(local.date(), _ENDS, IST)
        return same_day if local < same_day else same_day + timedelta(days=1)


class SessionStore:
    """One file under `home`; `version` tells a reader when to look again.

    What a person brings back from the broker's login page is kept beside it until the process that
    talks to the broker exchanges it. Web workers ask there for a person's name alone (identity.py).
    """

    def __init__(self, home: Path, secret_key: str) -> None:
        self._path = home / _FILE
        self._request_path = home / _REQUEST_FILE
        digest = blake2b(secret_key.encode(), digest_size=32, person=_PURPOSE).digest()
        self._key = urlsafe_b64encode(digest)

    @property
    def version(self) -> int:
        """Changes whenever a session is kept or forgotten; 0 without one."""
        return _changed_at(self._path)

    def load(self) -> BrokerSession | None:
        """The kept session; raises SettingsError when it was kept under another secret key."""
        kept = self._read(self._path)
        if kept is None:
            return None
        scrubber.hide(kept["access_token"])
        moment = datetime.fromisoformat(kept["logged_in_at"])
        return BrokerSession(kept["user_id"], kept["access_token"], moment)

    def keep(self, user_id: str, access_token: str) -> BrokerSession:
        """Keep a new session in place of an older one."""
        scrubber.hide(access_token)
        session = BrokerSession(user_id, access_token, market_now())
        kept = {
            "user_id": user_id,
            "access_token": access_token,
            "logged_in_at": session.logged_in_at.isoformat(),
        }
        self._write(self._path, kept)
        return session

    def forget(self) -> None:
        """Drop the session, if there is one."""
        self._path.unlink(missing_ok=True)

    def bring(self, request_token: str) -> None:
        """Leave a login's single-use request token for whoever talks to the broker."""
        scrubber.hide(request_token)
        self._write(self._request_path, {"request_token": request_token})

    def brought(self) -> str | None:
        """Take the request token that was left, once."""
        if not _changed_at(self._request_path):
            return None
        try:
            kept = self._read(self._request_path)
        finally:
            self._request_path.unlink(missing_ok=True)
        if kept is None:
            return None
        scrubber.hide(kept["request_token"])
        return kept["request_token"]

    def _read(self, path: Path) -> dict[str, str] | None:
        from cryptography.fernet import Fernet, InvalidToken

        try:
            kept: dict[str, str] = json.loads(Fernet(self._key).decrypt(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (InvalidToken, ValueError) as error:
            raise SettingsError(
                f"{path} was kept under another OI_SECRET_KEY; log in at the broker again."
            ) from error
        return kept

    def _write(self, path: Path, kept: dict[str, str]) -> None:
        from cryptography.fernet import Fernet

        replace_private(path, Fernet(self._key).encrypt(json.dumps(kept).encode()))


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
