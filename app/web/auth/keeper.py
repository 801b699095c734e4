"""Sessions wherever they are kept: in the database, for every host, or in files while it is away.

A session's id tells which: only the sign-in that was set here can begin one in a file. What the
database said of a session holds for five seconds, so that most requests ask nothing; while it does
not answer the last word holds for five minutes.
"""

import contextlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.web.auth.people import OF_BROKER, UNASKED, People, Person, proof_of
from app.web.auth.sessions import SECRET_BYTES, Sessions, digest, touch_s
from app.web.database import Database
from db.settings import Settings

if TYPE_CHECKING:
    from db.queries.people import SessionRow

_IN_FILE = "f."
_HOLDS_S = 5.0
_HOLDS_UNASKED_S = 300.0
_ASK_AGAIN_S = 5.0
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Word:
    """What the database said of a session, when, and when it is to be asked again."""

    row: "SessionRow | None"
    said_at: float
    ask_at: float


class SessionKeeper:
    """Opens, finds and ends sessions; each request asks it whose it is."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        people: People,
        files: Sessions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._database = database
        self._people = people
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._words: OrderedDict[str, _Word] = OrderedDict()

    def open(self, person: Person, address: str | None) -> str:
        """Begin a session; its id is a secret. Raises OIError when it cannot be kept."""
        from db.ingest.people import add_session, sweep_sessions

        sid = secrets.token_urlsafe(SECRET_BYTES)
        limits = {"idle_s": self._idle_s, "lifetime_s": self._lifetime_s}
        try:
            with self._database.writing() as connection:
                sweep_sessions(connection, **limits)
                add_session(connection, digest(sid), person.name, person.proof, address)
        except UNASKED:
            if person.is_kept:
                raise
            return f"{_IN_FILE}{self._files.open(person.name)}"
        return sid

    def person_of(self, sid: str) -> Person | None:
        """Whose session it is, which counts as seen now; None when it is over or was never.

        Raises DatabaseUnavailableError where the database does not answer and never said.
        """
        if sid.startswith(_IN_FILE):
            return self._of_file(sid)
        return self._judged(self._row_of(sid))

    def known_person_of(self, sid: str) -> Person | None:
        """The same from what is known here, without a question to the database."""
        if sid.startswith(_IN_FILE):
            name = self._files.user_of(sid.removeprefix(_IN_FILE))
            return None if name is None else self._people.set_here(name)
        with self._lock:
            known = self._words.get(sid)
        return None if known is None else self._judged(known.row)

    def is_open(self, sid: str) -> bool:
        """Whether a session goes on; an open page that asks keeps it from being idle."""
        person = self.person_of(sid)
        return person is not None and not person.lacks_factor

    def close(self, sid: str) -> None:
        """End a session; whoever has its cookie has nothing."""
        from db.ingest.people import end_session

        if sid.startswith(_IN_FILE):
            self._files.close(sid.removeprefix(_IN_FILE))
            return
        now = self._clock()
        # over here at once, also where the database takes the news later
        self._remember(sid, _Word(None, now, now + _HOLDS_UNASKED_S))
        with self._database.writing() as connection:
            end_session(connection, digest(sid))

    def close_all(self, username: str) -> int:
        """End all sessions of a user on every device; how many there were."""
        from db.ingest.people import end_sessions

        ended = self._files.close_all(username)
        with self._database.writing() as connection:
            ended += end_sessions(connection, username)
        with self._lock:
            self._words.clear()
        return ended

    @property
    def _idle_s(self) -> float:
        return self._settings.session_idle_s

    @property
    def _lifetime_s(self) -> float:
        return self._settings.session_lifetime_s

    def _judged(self, row: "SessionRow | None") -> Person | None:
        if row is None:
            return None
        if row.username.startswith(OF_BROKER):
            person = self._people.of_broker(row.username.removeprefix(OF_BROKER))
            return person if person is not None and person.proof == row.proof else None
        if row.password_hash is None:
            person = None if row.has_users else self._people.set_here(row.username)
            return person if person is not None and person.proof == row.proof else None
        if row.disabled or proof_of(row.username, row.password_hash) != row.proof:
            return None
        return self._people.of_row(
            row.username, row.password_hash, row.role, has_factor=row.has_factor
        )

    def _of_file(self, sid: str) -> Person | None:
        name = self._files.user_of(sid.removeprefix(_IN_FILE))
        # the first user that is added ends what the sign-in of before began
        if name is None or self._people.are_kept():
            return None
        return self._people.set_here(name)

    def _row_of(self, sid: str) -> "SessionRow | None":
        now = self._clock()
        with self._lock:
            known = self._words.get(sid)
        if known is not None and now < known.ask_at:
            return known.row
        try:
            row = self._asked(sid)
        except UNASKED:
            if known is None or now - known.said_at > _HOLDS_UNASKED_S:
                raise
            self._remember(sid, _Word(known.row, known.said_at, now + _ASK_AGAIN_S))
            return known.row
        if row is None:
            self._forget(sid)
        else:
            self._remember(sid, _Word(row, now, now + _HOLDS_S))
        return row

    def _asked(self, sid: str) -> "SessionRow | None":
        from db.ingest.people import touch_session
        from db.queries.people import session_of

        kept = digest(sid)
        limits = {"idle_s": self._idle_s, "lifetime_s": self._lifetime_s}
        with self._database.newest() as connection:
            row = session_of(connection, kept, **limits, touch_s=touch_s(self._idle_s))
        if row is not None and row.is_stale:
            # a database that takes no writes for a while signs nobody out
            with contextlib.suppress(*UNASKED), self._database.writing() as connection:
                touch_session(connection, kept)
        return row

    def _remember(self, sid: str, word: _Word) -> None:
        with self._lock:
            self._words[sid] = word
            self._words.move_to_end(sid)
            while len(self._words) > _REMEMBERED:
                self._words.popitem(last=False)

    def _forget(self, sid: str) -> None:
        with self._lock:
            self._words.pop(sid, None)
