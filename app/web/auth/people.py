"""Who may sign in: the users of the database, and before there are any the one that was set here.

As soon as the first user is added the sign-in of the settings or of `python -m app password` opens
nothing more. While the database does not answer nobody can tell whether there are users, and that
one sign-in holds: it is the operator's own.
"""

import logging
import threading
import time
from dataclasses import dataclass
from hashlib import blake2b

from app.web.auth import signin
from app.web.auth.factors import SecondFactors
from app.web.auth.passwords import verified
from app.web.database import Database
from db.errors import DatabaseUnavailableError, ExtensionMissingError, NotMigratedError
from db.loading import load
from db.settings import Settings

_log = logging.getLogger(__name__)

_HOLDS_S = 5.0
ADMIN, VIEWER = "admin", "viewer"
ROLES = (VIEWER, ADMIN)
REQUIRED = "required"
OF_BROKER = "kite:"
"""How names begin of those whom the broker names; no other user's does."""
UNASKED = (DatabaseUnavailableError, ExtensionMissingError, NotMigratedError)
"""Why the database may leave a question unanswered."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in; `proof` is a fingerprint of the password that did it."""

    name: str
    role: str
    proof: str
    is_kept: bool
    """Whether this is a user of the database, rather than the one that was set here."""
    lacks_factor: bool = False
    """Whether nothing is open to them before they have set up a second factor."""


class NobodySetError(DatabaseUnavailableError):
    """There is no sign-in at all."""


class People:
    """Answers whether a name, a password and a code belong to somebody who may enter."""

    def __init__(self, settings: Settings, database: Database, factors: SecondFactors) -> None:
        self._settings = settings
        self._database = database
        self._factors = factors
        self._lock = threading.Lock()
        self._are_kept: bool | None = None
        self._ask_at = 0.0

    def accepts(self, username: str, password: str, code: str = "") -> Person | None:
        """Who that is; None for anybody else, after as long a time whichever was wrong.

        A code is taken of who has a second factor, and used up only beside the right password.
        Raises NobodySetError where nobody could be, SettingsError for a hash that is none.
        """
        from db.queries.people import UserRow, second_factor, user_named

        factor = None
        try:
            with self._database.newest() as connection:
                row = user_named(connection, _askable(username))
                factor = second_factor(connection, _askable(username))
        except UNASKED:
            row = UserRow(False, None, None, None)
        else:
            self._are_kept = row.has_users
        if not row.has_users:
            return self._set_here(username, password)
        spent = self._factors.held_against(username, factor, code)
        has_factor = factor is not None and factor.is_confirmed
        counts = not row.disabled and (spent is not None or not has_factor)
        is_right = verified(row.password_hash, password, "site_users", counts=counts)
        if not is_right or row.password_hash is None:
            return None
        if factor and spent and not self._factors.spend(username, factor, spent):
            return None
        return self.of_row(username, row.password_hash, row.role, has_factor=has_factor)

    def of_row(
        self, username: str, password_hash: str, role: str | None, *, has_factor: bool
    ) -> Person:
        """A user of the database."""
        return Person(
            username,
            role or VIEWER,
            proof_of(username, password_hash),
            is_kept=True,
            lacks_factor=self.must_have_factor and not has_factor,
        )

    @property
    def must_have_factor(self) -> bool:
        """Whether nobody enters by a password alone."""
        return self._settings.second_factor == REQUIRED

    def set_here(self, username: str) -> Person | None:
        """The one that the settings or a file name, if that is the name and it opens anything."""
        if self.must_have_factor:
            return None
        proof = signin.proof_of(self._settings, username)
        return None if proof is None else Person(username, ADMIN, proof, is_kept=False)

    def of_broker(self, user_id: str) -> Person | None:
        """Somebody whom the broker named and OI_KITE_USERS lists."""
        for entry in self._settings.kite_users:
            listed, _, role = entry.partition(":")
            if listed == user_id:
                name = f"{OF_BROKER}{user_id}"
                return Person(name, role or VIEWER, proof_of(name, role), is_kept=True)
        return None

    def knows(self, username: str) -> bool:
        """Whether that is somebody's name; False also where nobody can tell."""
        from db.queries.people import user_named

        try:
            with self._database.newest() as connection:
                row = user_named(connection, _askable(username))
        except UNASKED:
            row = None
        if row is not None and row.has_users:
            return row.password_hash is not None
        return self.set_here(username) is not None

    def are_kept(self) -> bool:
        """Whether the database has users; what it said holds for seconds, and while it is away."""
        load()
        from db.queries.people import user_named

        # one thread asks; the others need not wait for a database that hangs
        if time.monotonic() >= self._ask_at and self._lock.acquire(blocking=False):
            try:
                with self._database.newest() as connection:
                    self._are_kept = user_named(connection, "").has_users
            except UNASKED as error:
                _log.debug("Whether there are users cannot be told: %s", error)
            finally:
                self._ask_at = time.monotonic() + _HOLDS_S
                self._lock.release()
        return bool(self._are_kept)

    @property
    def are_known(self) -> bool:
        """Whether the database said, when it was last asked, that it has users."""
        return bool(self._are_kept)

    def _set_here(self, username: str, password: str) -> Person | None:
        known = None if self.must_have_factor else signin.configured(self._settings)
        if known is None:
            raise NobodySetError(
                "Nobody can sign in: there are no users, or the database does not answer."
            )
        return self.set_here(username) if known.accepts(username, password) else None


def proof_of(username: str, password_hash: str) -> str:
    """A fingerprint that a session carries: a changed password ends older sessions."""
    return blake2b(f"{username}:{password_hash}".encode(), digest_size=12).hexdigest()


def _askable(username: str) -> str:
    """A name as the database takes it; what cannot be one is nobody's."""
    return "" if "\0" in username else username
