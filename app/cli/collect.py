"""Write a feed into the database: history, live edge, announcements."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import _broker, _telemetry
from app.telemetry.timing import timed
from db.endings import on_end
from db.errors import InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.collector import Collector, Counts
    from app.desk.alerts.looking import Rung
    from app.feeds.base import Feed
    from app.kite.account import Account
    from app.kite.macro import MacroNames
    from db.market.ticks import Source

    Ring = Callable[[Rung], None]

FEEDS = ("simulate", "replay", "kite")
SOURCES = ("live", "simulated")


def _speed(context: click.Context, parameter: click.Parameter, value: str) -> float | None:
    """Market seconds in one second; None stands for as fast as can be."""
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = -1.0
    if not 0 < speed < float("inf"):
        raise click.BadParameter(f"{value!r} is neither a positive number nor 'max'.")
    return speed


def _known_keys(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """Each key once, in the order of the table; none stands for all."""
    # the table is an operator's too, and read with the settings
    from db.market.exchanges import EXCHANGES, exchange_named
    from db.settings import settings

    settings()
    for key in value:
        exchange_named(key)
    return tuple(key for key in EXCHANGES if key in value or not value)


@click.command
@click.option("--feed", type=click.Choice(FEEDS), required=True, help="Where chains come from.")
@click.option("--file", type=click.Path(path_type=Path), help="A recorded CSV to replay.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A stored day to replay.")
@click.option(
    "--speed",
    callback=_speed,
    default="1",
    show_default=True,
    metavar="max|N",
    help="How many times faster than it was recorded.",
)
@click.option("--as-now", is_flag=True, help="Move a replay in time so that it begins now.")
@click.option(
    "--exchange",
    "keys",
    multiple=True,
    callback=_known_keys,
    metavar="KEY",
    help="An exchange key to collect, of a live feed; may be repeated. Without it: all.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the simulated market.")
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    default=SOURCES[0],
    show_default=True,
    help="What kind of market the broker's feed shows; a stand-in's is simulated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(as_json: bool, **choices: Any) -> None:
    """Write a feed into the database until it ends or SIGTERM comes; print what was stored.

    A recording needs the columns timestamp, exchange, token, expiry, strike, option_type, ltp, oi
    and volume; rows that make no sense are counted by reason, named by their lines and left out.
    """
    from db import parts, privileges
    from db.engine import write_engine
    from db.settings import settings

    _log_to_stderr()
    _demand_that_options_fit(**choices)
    parts.act_as("collector")
    privileges.drop(settings().run_as)
    if warning := privileges.warning():
        logging.getLogger("oi.collector").warning(warning)
    # whatever else is missing, that comes first
    account = _broker.account() if choices["feed"] == "kite" else None
    engine = write_engine()
    with _ringing() as ring, _telemetry.collecting(engine):
        if account is not None:
            counts = _collect_from_broker(engine, account, choices["source"], choices["keys"], ring)
        else:
            collector = _collector(engine, _feed(engine, **choices), ring)
            on_end(collector.stop)
            counts = collector.run()
    if as_json:
        import orjson

        click.echo(orjson.dumps(counts.as_json(), option=orjson.OPT_INDENT_2))
    else:
        click.echo(counts.as_text())


def _demand_that_options_fit(
    feed: str,
    file: Path | None,
    day: datetime | None,
    as_now: bool,
    keys: tuple[str, ...],
    **_: object,
) -> None:
    from db.market.exchanges import EXCHANGES

    if feed != "replay" and (file or day or as_now):
        raise InvalidInputError(
            "--file, --day and --as-now belong to --feed replay; leave them out."
        )
    if feed == "replay" and len(keys) < len(EXCHANGES):
        raise InvalidInputError("--exchange belongs to live feeds; a replay is played whole.")


@timed("configure feed")
def _feed(
    engine: "Engine",
    feed: str,
    file: Path | None,
    day: datetime | None,
    speed: float | None,
    as_now: bool,
    seed: int | None,
    keys: tuple[str, ...],
    **_: object,
) -> "Feed":
    """A feed that asks no broker."""
    from app.feeds.replay import ReplayFeed
    from app.feeds.simulate.feed import DEFAULT_SEED, SimulateFeed
    from app.feeds.stored import stored_day
    from db.market.clock import market_now
    from db.settings import settings

    if feed == "simulate":
        chosen = settings()
        return SimulateFeed(
            DEFAULT_SEED if seed is None else seed,
            interval_s=chosen.live_interval_s,
            exchanges=keys,
            effect=chosen.simulate_effect,
        )
    if (file is None) == (day is None):
        raise InvalidInputError("--feed replay needs either --file CSV or --day YYYY-MM-DD.")
    if as_now and (speed is None or speed > 1):
        # what runs ahead of the clock is dated in the future, and refused
        raise InvalidInputError("--as-now plays no faster than it was recorded; leave out --speed.")
    begin_at = market_now() if as_now else None
    if file is not None:
        return ReplayFeed.of_file(file, speed=speed, begin_at=begin_at)
    if day is None:
        raise AssertionError("one of the two was given")
    return ReplayFeed(stored_day(engine, day.date()), speed=speed, begin_at=begin_at)


@contextmanager
def _ringing() -> Iterator["Ring"]:
    """What is told of each alert that fires; raises SettingsError for a webhook that is none."""
    from db.settings import settings

    address = settings().alert_webhook_url
    if address is None:
        yield lambda rung: None
        return
    from app.desk.alerts.webhook import Webhook

    with closing(Webhook(address)) as webhook:
        webhook.start()
        yield webhook.send


def _collect_from_broker(
    engine: "Engine", account: "Account", source: str, keys: tuple[str, ...], ring: "Ring"
) -> "Counts":
    """Collect the broker's feed; beside it fill gaps of the past, and store dollar, crude, VIX."""
    from app.collector.bootstrap import Bootstrap, BootstrapOptions
    from app.collector.macro import start_macro
    from app.feeds.broker import broker_catalogue, broker_feed
    from app.kite.macro import macro_names
    from db.market.clock import market_now
    from db.market.exchanges import EXCHANGES
    from db.market.trading import calendar_warning
    from db.settings import settings

    if warning := calendar_warning(market_now().date()):
        logging.getLogger("oi.collector").warning(warning)
    chosen = settings()
    kind: Source = "simulated" if source == "simulated" else "live"
    catalogue = broker_catalogue(chosen, account, engine, keys)
    feed = broker_feed(chosen, account, catalogue, kind)
    collector = _collector(engine, feed, ring)
    on_end(collector.stop)
    filling = BootstrapOptions(chosen.snapshot_interval_s, chosen.bootstrap_days, kind)

    def names() -> "MacroNames":
        today = market_now().date()
        return macro_names(catalogue.dump, today, chosen.kite_usdinr, chosen.kite_crude)

    bootstrap = Bootstrap(
        *(engine, account, feed.followed, collector.past, filling),
        on_progress=lambda progress: collector.say(progress.sentence),
        leads=collector.leads,
    )
    bootstrap.start()
    with (
        closing(bootstrap),
        # who writes the first chain stores these for all
        closing(
            start_macro(engine, account, names, lambda _: collector.leads(next(iter(EXCHANGES))))
        ),
    ):
        return collector.run()


@timed("configure collector")
def _collector(engine: "Engine", feed: "Feed", ring: "Ring") -> "Collector":
    from app.collector import Collector, CollectorOptions
    from app.collector.signalling import SignalOptions
    from db.settings import settings

    chosen = settings()
    options = CollectorOptions(
        snapshot_interval_s=chosen.snapshot_interval_s,
        spool=chosen.home / "spool",
        ring=ring,
        signals=SignalOptions(
            chosen.home,
            chosen.signal_threshold,
            chosen.signal_cooldown_s,
            chosen.signal_paper_lots,
            are_lazy="lazy-models" not in chosen.without,
        ),
    )
    return Collector(engine, feed, options)


def _log_to_stderr() -> None:
    from app.telemetry import logs
    from db.settings import settings

    logs.configure(logging.INFO, settings().log_format)
