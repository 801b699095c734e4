"""Second factors of users: set up, asked for at sign-in, taken away.

They belong to the users of the database. The broker asks for its own of those whom it names; the
one sign-in that was set on this machine has none, and opens nothing where everyone must have one.
"""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from app.web.auth import codes
from app.web.auth.codes import Seal, Spent
from app.web.database import Database
from db.errors import InvalidInputError, SettingsError

if TYPE_CHECKING:
    from db.queries.people import FactorRow

_log = logging.getLogger(__name__)


class SecondFactors:
    """Keeps them in the database, for all hosts.

    `key` answers what secrets are sealed with, `lasts` is whether it outlives this process.
    """

    def __init__(
        self,
        database: Database,
        key: Callable[[], str],
        *,
        lasts: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._key = key
        self._lasts = lasts
        self._clock = clock

    def begun(self, name: str) -> str:
        """A new secret for a user, which counts once a code of it was given.

        Raises InvalidInputError where the user has a second factor, SettingsError where its key
        would be another one after a restart.
        """
        from db.ingest.second_factors import begin_factor

        if not self._lasts:
            raise SettingsError(
                "A second factor needs a key that lasts: set OI_SECRET_KEY, or an OI_HOME that can "
                "be written."
            )
        secret = codes.new_secret()
        with self._database.writing() as connection:
            if not begin_factor(connection, name, self._seal.closed(name, secret)):
                raise InvalidInputError("You have a second factor already; remove it first.")
        return secret

    def confirmed(self, name: str, code: str) -> tuple[str, ...] | None:
        """Let what was begun count from now on: the recovery codes, None for a wrong code.

        Raises InvalidInputError where nothing was begun, or something else meanwhile.
        """
        from db.ingest.second_factors import confirm_factor

        row = self.of(name)
        if row is None or row.is_confirmed:
            raise InvalidInputError("There is nothing to confirm; begin anew.")
        secret = self._opened(name, row)
        step = None if secret is None else codes.step_of(secret, code, self._clock())
        if step is None:
            return None
        made = codes.new_recovery_codes()
        hashes = codes.hashes_of(made)
        with self._database.writing() as connection:
            if not confirm_factor(connection, name, row.secret, step, hashes):
                raise InvalidInputError("It was begun anew meanwhile, elsewhere; begin anew.")
        return made

    def dropped(self, name: str) -> bool:
        """Take a user's second factor away; False where there was none."""
        from db.ingest.second_factors import drop_factor

        with self._database.writing() as connection:
            return drop_factor(connection, name)

    def of(self, name: str) -> "FactorRow | None":
        """What a user has set up, or has begun to."""
        from db.queries.people import second_factor

        with self._database.newest() as connection:
            return second_factor(connection, name)

    def held_against(self, name: str, row: "FactorRow | None", code: str) -> Spent | None:
        """What a right code would use up; None for a wrong one, and for one that was used.

        A code in the form of a recovery code takes as long whoever it is tried for.
        """
        known, given = row if row is not None and row.is_confirmed else None, codes.plain(code)
        if codes.is_recovery(given):
            return codes.recovery_of(() if known is None else known.recovery, given)
        secret = None if known is None else self._opened(name, known)
        step = None if secret is None else codes.step_of(secret, given, self._clock())
        if known is None or step is None or step <= known.last_step:
            return None
        return Spent(step=step)

    def spend(self, name: str, row: "FactorRow", spent: Spent) -> bool:
        """Use it up; False where another host took it first."""
        from db.ingest.second_factors import take_code, take_recovery_code

        with self._database.writing() as connection:
            if not spent.number:
                return take_code(connection, name, row.secret, spent.step)
            is_taken = take_recovery_code(connection, name, spent.number, spent.code_hash)
        if is_taken:
            _log.info("A recovery code of %s was used", name)
        return is_taken

    def _opened(self, name: str, row: "FactorRow") -> str | None:
        secret = self._seal.opened(name, row.secret)
        if secret is None:
            _log.error("The second factor of %s was kept under another OI_SECRET_KEY.", name)
        return secret

    @cached_property
    def _seal(self) -> Seal:
        return Seal(self._key())
