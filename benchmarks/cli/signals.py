"""What signals cost: the time of a prediction, and what pages notice of it."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import Day, chosen_server, output_options, url_option
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  trees         rounds of the model that is asked
  objective_ms  what p99 of a prediction must stay below
  alone         by exchange: count, p50_ms, p99_ms, max_ms of predicting a day's snapshots
  live          the same of what the collector predicted beside all else that it does
  pages         by request: off and on (count and times in ms without and with signals),
                slower_ms (difference of p50), ratio, ratio_95 (its interval), is_seen (slower by
                a millisecond or more, and not by chance)
"""


@click.command(epilog=_KEYS)
@url_option
@click.option(
    "--days",
    default=14,
    show_default=True,
    type=click.IntRange(14, 200),
    help="Simulated days to train on.",
)
@click.option(
    "--end",
    type=Day(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last of them (default: the newest trading day before today).",
)
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(2, 100),
    help="How often pages are asked with signals and without, in turns.",
)
@click.option(
    "--requests",
    default=100,
    show_default=True,
    type=click.IntRange(10, 10_000),
    help="Requests of each page in a round.",
)
@output_options
def command(
    url: str | None,
    days: int,
    end: datetime | None,
    rounds: int,
    requests: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Ask a model about a day of each chain; ask for pages while a collector tells signals or not.

    Both run in turns on one server, with a snapshot of all chains every two seconds.
    """
    from benchmarks.dataset.spec import last_session
    from benchmarks.signals.beside import signals_on
    from db.market.clock import market_now

    last = end.date() if end else last_session(market_now().date())
    with recorded("signals", json_file, out) as result:
        signals_on(
            chosen_server(url), result, days=days, end=last, rounds=rounds, requests=requests
        )
