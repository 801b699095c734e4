"""The telemetry of a web process: its steps of start-up, what it looks at, whom it tells."""

from collections.abc import Callable, Iterable
from functools import partial

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.push.live import Live
from app.telemetry.alarms import Burning
from app.telemetry.metrics import Reading
from app.telemetry.process import Telemetry
from app.telemetry.steps import Tell
from app.telemetry.timing import Operation, ended
from app.web.database import Database
from app.web.monitoring.state import pool_gauges
from db.market.exchanges import EXCHANGES
from db.settings import Settings


def telemetry_of(
    settings: Settings, database: Database, states: ChainStates, feeds: Feeds, live: Live
) -> Telemetry:
    """Everything declared, nothing begun."""
    made = Telemetry(
        "web",
        database,
        objectives_file=settings.objectives_file,
        slow_after_s=settings.slow_after_s,
        with_plans=settings.slow_plans == "on",
        otlp_endpoint=settings.otlp_endpoint,
        ring=_ring(settings.operations_webhook_url),
    )
    made.steps.add("database", partial(_reach, database))
    made.steps.add("live link", lambda _: live.start())
    made.steps.add("feeds", lambda _: _ignore(feeds.read()), needs=["database"])
    made.steps.add("chains", partial(_read_chains, states), needs=["database"])
    made.gauges.append(partial(_gauges, states, live))
    made.probes.append(partial(_look_at_chains, states))
    return made


def _ring(address: str | None) -> Callable[[Burning], None]:
    if address is None:
        return lambda burning: None
    # it brings what a server without one need not load
    from app.desk.operations import ring

    return ring(address)


def _reach(database: Database, _: Tell) -> None:
    """Reach the database and find in it the schema that this program reads."""
    from db.migrate import require_head

    with database.newest() as connection:
        require_head(connection)


def _read_chains(states: ChainStates, tell: Tell) -> None:
    """Read each chain once, so that the first page of it finds it ready."""
    for done, key in enumerate(EXCHANGES):
        tell(done, len(EXCHANGES))
        states.current(key)
    tell(len(EXCHANGES), len(EXCHANGES))


def _look_at_chains(states: ChainStates) -> None:
    """Note how old each chain is that ought to be of now."""
    for key in EXCHANGES:
        state = states.fresh(key)
        age_s = None if state is None else state.age_s()
        if state is not None and age_s is not None and state.status() in ("live", "stale"):
            ended(Operation("age", f"chain {key}", age_s))


def _gauges(states: ChainStates, live: Live) -> Iterable[Reading]:
    yield from pool_gauges()
    yield Reading("oi_viewers", live.hub.count())
    yield Reading("oi_viewers_unsent_bytes", live.hub.backlog_bytes())
    for key in EXCHANGES:
        state = states.fresh(key)
        age_s = None if state is None else state.age_s()
        if age_s is not None:
            yield Reading("oi_feed_age_seconds", age_s, (key,))


def _ignore(_: object) -> None:
    """For what is asked for its effect."""
