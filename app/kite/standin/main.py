"""Run the stand-in until Ctrl-C."""

import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.command_line import Amount
from db.endings import on_end

if TYPE_CHECKING:
    from app.kite.standin.journal import Journal
    from app.kite.standin.server import StandIn
    from db.market.ticks import ChainSnapshot


@click.command
@click.option("--port", default=5060, show_default=True, type=click.IntRange(0, 65535))
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the simulated market.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    help="Where the market's clock begins (IST); by default now.",
)
@click.option(
    "--speed",
    type=Amount(0.01, 10_000),
    default=1.0,
    show_default=True,
    help="Market seconds in one second.",
)
@click.option(
    "--interval",
    type=Amount(0.01, 3600),
    default=1.0,
    show_default=True,
    help="Seconds between two ticks.",
)
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    help="A recorded CSV to show instead of a simulated market; it begins at --start.",
)
@click.option("--always-open", is_flag=True, help="Trade at any hour of any day.")
@click.option("--unlimited", is_flag=True, help="Answer no 429, however many requests come.")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write down every tick that is sent (app/kite/standin/journal.py has the form).",
)
def command(
    port: int,
    seed: int | None,
    start: datetime | None,
    speed: float,
    interval: float,
    recording: Path | None,
    always_open: bool,
    unlimited: bool,
    journal: Path | None,
) -> None:
    """Stand in for Kite Connect on this machine, with a market of its own, until Ctrl-C."""
    from app.feeds.simulate.feed import DEFAULT_SEED
    from app.kite.standin.clock import MarketClock
    from app.kite.standin.hours import Hours
    from app.kite.standin.server import StandIn
    from db.errors import InvalidInputError
    from db.market.clock import IST
    from db.settings import settings

    # an operator's exchange keys and calendar are the market's too
    settings()
    clock = MarketClock(start.replace(tzinfo=IST) if start else None, speed)
    standin = StandIn(
        port=port,
        now=clock,
        recording=None if recording is None else _played(recording, clock()),
        seed=DEFAULT_SEED if seed is None else seed,
        hours=Hours(always=always_open),
        interval_s=interval,
        limited=not unlimited,
        journal=None if journal is None else _opened(journal),
    )
    try:
        standin.start()
    except OSError as error:
        raise InvalidInputError(f"Cannot listen on port {port}: {error.strerror}.") from error
    _run(standin)


def _run(standin: "StandIn") -> None:
    try:
        click.echo(_told(standin.url, standin.ws_url, standin.sessions.account.api_key))
        _wait_for_the_end()
    finally:
        standin.stop()


def _played(path: Path, begin_at: datetime) -> "Sequence[ChainSnapshot]":
    """The chains of a recording, moved in time; what cannot be read of it is told."""
    from app.feeds.replay import ReplayFeed

    feed = ReplayFeed.of_file(path, begin_at=begin_at)
    found = list(feed.batches())
    for reason, count in feed.rejected.items():
        lines = ", ".join(map(str, feed.rejected.lines.get(reason, ())))
        click.echo(f"Left out {count} rows: {reason} (lines {lines} …).", err=True)
    return found


def _opened(path: Path) -> "Journal":
    from app.kite.standin.journal import Journal
    from db.errors import InvalidInputError

    try:
        return Journal(path)
    except OSError as error:
        raise InvalidInputError(f"Cannot write {path}: {error.strerror}.") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """`command` as a program: an error for people is one sentence."""
    from db.errors import OIError

    try:
        command.main(args=arguments, prog_name="python -m app.kite.standin")
    except OIError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


def _told(url: str, ws_url: str, api_key: str) -> str:
    return f"HTTP on {url}, WebSocket on {ws_url}, API key {api_key}; Ctrl-C ends it."


def _wait_for_the_end() -> None:
    ended = threading.Event()
    on_end(ended.set)
    ended.wait()
