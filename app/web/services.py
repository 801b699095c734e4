"""What the parts of one web process share, kept with the Flask application."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import current_app

from app.cache import Cache, Region
from app.chains.breaches import Breaches
from app.chains.comparison import Comparisons
from app.chains.feeds import Feeds
from app.chains.past.moments import Moments
from app.chains.past.replay import Past
from app.chains.series.kept import KeptSeries
from app.chains.states import ChainStates
from app.push.live import Live
from app.telemetry.process import Telemetry
from app.web.assets import assets
from app.web.auth import signin
from app.web.auth.attempts import AttemptLimit
from app.web.auth.counts_in_file import FileCounts
from app.web.auth.counts_shared import SharedCounts
from app.web.auth.factors import SecondFactors
from app.web.auth.keeper import SessionKeeper
from app.web.auth.people import People
from app.web.auth.session_key import session_key
from app.web.auth.sessions import Sessions
from app.web.database import Database
from app.web.monitoring.parts import Parts
from app.web.monitoring.reads import reads
from app.web.paper.quotes import LiveQuotes
from app.web.starting import telemetry_of
from db.errors import OIError
from db.loading import load
from db.market.exchanges import EXCHANGES
from db.settings import Settings

if TYPE_CHECKING:
    from app.desk.paper.desk import Desk


_LOG = logging.getLogger(__name__)
_ALONE = "Every figure stays right; charts and past moments may take a little longer."


@dataclass(frozen=True, slots=True)
class Services:
    """One of each a process; `close` stops the threads and returns the connections."""

    settings: Settings
    attempts: AttemptLimit
    people: People
    factors: SecondFactors
    sessions: SessionKeeper
    database: Database
    cache: Cache
    states: ChainStates
    feeds: Feeds
    past: Past
    series: KeptSeries
    comparisons: Comparisons
    breaches: Breaches
    signals: Region[bytes]
    live: Live
    telemetry: Telemetry
    parts: Parts

    @classmethod
    def of(cls, settings: Settings, *, explicit: bool, store: Path) -> "Services":
        """Everything unstarted: threads and connections come with the first request for them.

        `store` is the folder where sign-ins keep what several workers share.
        """
        database = Database(settings, explicit=explicit)
        factors = SecondFactors(
            database,
            partial(session_key, settings, store),
            lasts=settings.secret_key is not None or store == settings.home,
        )
        people = People(settings, database, factors)
        files = Sessions.of(settings, store, partial(signin.proof_of, settings))
        sessions = SessionKeeper(settings, database, people, files)
        states = ChainStates(database)
        feeds = Feeds(database)
        cache = Cache.of(settings, database.identity)
        live = Live(
            *(database.direct_url, states, feeds, sessions.is_open),
            build=lambda: assets().version,
            lacks=partial(_lacking, cache) if cache.is_shared else None,
        )
        return cls(
            settings=settings,
            attempts=AttemptLimit(SharedCounts(database, FileCounts(store / "attempts"))),
            people=people,
            factors=factors,
            sessions=sessions,
            database=database,
            cache=cache,
            states=states,
            feeds=feeds,
            past=Past(database, cache, Moments(database, cache, states.clock)),
            series=KeptSeries(database, cache),
            comparisons=Comparisons(database, cache),
            breaches=Breaches(database, cache),
            signals=cache.bodies("signals"),
            live=live,
            telemetry=telemetry_of(settings, database, states, feeds, live),
            parts=Parts(database, reads(database)),
        )

    @property
    def paper(self) -> "Desk":
        """The paper desk of one request; it keeps nothing itself."""
        from app.desk.paper.desk import Desk

        self.live.start()
        return Desk(self.database, LiveQuotes(self.states))

    def warm_up(self) -> None:
        """Begin to follow the database, once: whoever is at the login page will want the chain.

        Loading the database's libraries and connecting takes as long as typing a password.
        """
        # before any thread is started that would want it too
        load()
        self.live.start()
        self.telemetry.steps.start()
        if not self.live.is_closed:
            self.database.warm_up()

    def start_at_once(self) -> None:
        """Have everything ready before the first page, as far as the database lets us."""
        self.warm_up()
        try:
            for exchange in EXCHANGES:
                self.states.current(exchange)
        except OIError as error:
            _LOG.warning("Not everything is ready: %s", error)

    def close(self) -> None:
        """Stop following the database and let all viewers go."""
        self.telemetry.close()
        self.parts.close()
        self.live.close()
        self.cache.close()
        self.database.close()


def _lacking(cache: Cache) -> str | None:
    """What pages are told of a Redis that is away: nobody need doubt what they show."""
    problem = cache.problem()
    return None if problem is None else f"{problem} {_ALONE}"


def services() -> Services:
    """Those of the application that handles the present request."""
    return cast(Services, current_app.extensions["oi"])
