"""The telemetry of a web process: its steps of start-up, what it looks at, whom it tells."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.push.live import Live
from app.telemetry.alarms import Burning
from app.telemetry.metrics import Reading
from app.telemetry.process import Telemetry
from app.telemetry.steps import Tell
from app.telemetry.timing import Operation, ended
from app.web.database import Database
from app.web.monitoring.ages import ought_to_be_new
from app.web.monitoring.state import held_gauges
from db.loading import load
from db.market.exchanges import EXCHANGES
from db.settings import Settings

if TYPE_CHECKING:
    from db.queries.feeds import ChainAge


def telemetry_of(
    settings: Settings, database: Database, states: ChainStates, feeds: Feeds, live: Live
) -> Telemetry:
    """Everything declared, nothing begun."""
    made = Telemetry("web", database, settings, _ring(settings.operations_webhook_url))
    made.steps.add("database", partial(_reach, database))
    made.steps.add("live link", lambda _: live.start())
    made.steps.add("feeds", lambda _: _ignore(feeds.read()), needs=["database"])
    made.steps.add("chains", partial(_read_chains, states), needs=["database"])
    watch = _ChainWatch(database)
    made.gauges += [partial(_gauges, live), watch.gauges]
    made.probes.append(watch.look)
    return made


def _ring(address: str | None) -> Callable[[Burning], None]:
    if address is None:
        return lambda burning: None
    # it brings what a server without one need not load
    from app.desk.operations import ring

    return ring(address)


def _reach(database: Database, _: Tell) -> None:
    """Reach the database and find in it the schema that this program reads."""
    load()
    from db.migrate import require_head

    with database.newest() as connection:
        require_head(connection)


def _read_chains(states: ChainStates, tell: Tell) -> None:
    """Read each chain once, so that the first page of it finds it ready."""
    for done, key in enumerate(EXCHANGES):
        tell(done, len(EXCHANGES))
        states.current(key)
    tell(len(EXCHANGES), len(EXCHANGES))


class _ChainWatch:
    """Notes how old each chain is that ought to be of now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ages: Sequence[ChainAge] = ()

    def look(self) -> None:
        """Look once; raises the errors of a missing database."""
        from db.queries.feeds import chain_ages

        self._ages = ()
        with self._database.newest() as connection:
            self._ages = chain_ages(connection)
        for each in self._ages:
            if ought_to_be_new(each.age_s, each.source):
                ended(Operation("age", f"chain {each.exchange}", each.age_s))

    def gauges(self) -> Iterable[Reading]:
        """The same for Prometheus, whatever the hour."""
        for each in self._ages:
            yield Reading("oi_feed_age_seconds", each.age_s, (each.exchange,))


def _gauges(live: Live) -> Iterable[Reading]:
    yield from held_gauges()
    yield Reading("oi_viewers", live.hub.count())
    yield Reading("oi_viewers_unsent_bytes", live.hub.backlog_bytes())


def _ignore(_: object) -> None:
    """For what is asked for its effect."""
