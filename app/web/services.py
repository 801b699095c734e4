"""What the parts of one web process share, kept with the Flask application."""

from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from app.chains.day import DaySeries
from app.chains.states import ChainStates
from app.push.live import Live
from app.web.auth.attempts import AttemptLimit
from app.web.database import Database
from db.settings import Settings


class Sessions(Protocol):
    """Who knows which sessions hold."""

    def is_open(self, sid: str) -> bool:
        """Whether a session of that identifier holds."""
        ...


class _Endless:
    """Sessions that nobody ends before their time."""

    def is_open(self, sid: str) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Services:
    """One of each a process; `close` stops the threads and returns the connections."""

    settings: Settings
    attempts: AttemptLimit
    sessions: Sessions
    database: Database
    states: ChainStates
    days: DaySeries
    live: Live

    @classmethod
    def of(cls, settings: Settings, *, explicit: bool) -> "Services":
        """Everything unstarted: threads and connections come with the first request for them."""
        database = Database(settings, explicit=explicit)
        states = ChainStates(database)
        sessions = _Endless()
        return cls(
            settings=settings,
            attempts=AttemptLimit(),
            sessions=sessions,
            database=database,
            states=states,
            days=DaySeries(database),
            live=Live(database.url, states, sessions.is_open),
        )

    def warm_up(self) -> None:
        """Begin to follow the database, once: whoever is at the login page will want the chain.

        Loading the database's libraries and connecting takes as long as typing a password.
        """
        self.live.start()

    def close(self) -> None:
        """Stop following the database and let all viewers go."""
        self.live.close()
        self.database.close()


def services() -> Services:
    """Those of the application that handles the present request."""
    return cast(Services, current_app.extensions["oi"])
