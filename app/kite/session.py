"""The session at the broker, encrypted at rest and shared by the processes of one machine.

Its end is documented as 6:00 IST and said by staff to lie up to 7:30: the time is a hint, a refusal
(403) is the sign. https://kite.trade/docs/connect/v3/user/
"""

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path

from app.kite.secrets import scrubber
from db.errors import SettingsError
from db.market.clock import IST, market_now

_FILE = "kite-session"
_ENDS = time(6, 0)
_PURPOSE = b"kite-session"


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
    """One file under `home`; `version` tells a reader when to look again."""

    def __init__(self, home: Path, secret_key: str) -> None:
        self._path = home / _FILE
        digest = blake2b(secret_key.encode(), digest_size=32, person=_PURPOSE).digest()
        self._key = urlsafe_b64encode(digest)

    @property
    def version(self) -> int:
        """Changes whenever a session is kept or forgotten; 0 without one."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def load(self) -> BrokerSession | None:
        """The kept session; raises SettingsError when it was kept under another secret key."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            kept = json.loads(Fernet(self._key).decrypt(self._path.read_bytes()))
        except FileNotFoundError:
            return None
        except (InvalidToken, ValueError) as error:
            raise SettingsError(
                f"{self._path} was kept under another OI_SECRET_KEY; log in at the broker again."
            ) from error
        scrubber.hide(kept["access_token"])
        moment = datetime.fromisoformat(kept["logged_in_at"])
        return BrokerSession(kept["user_id"], kept["access_token"], moment)

    def keep(self, user_id: str, access_token: str) -> BrokerSession:
        """Keep a new session in place of an older one."""
        from cryptography.fernet import Fernet

        scrubber.hide(access_token)
        session = BrokerSession(user_id, access_token, market_now())
        plain = json.dumps(
            {
                "user_id": user_id,
                "access_token": access_token,
                "logged_in_at": session.logged_in_at.isoformat(),
            }
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet(self._key).encrypt(plain.encode()))
        draft.replace(self._path)
        return session

    def forget(self) -> None:
        """Drop the session, if there is one."""
        self._path.unlink(missing_ok=True)
