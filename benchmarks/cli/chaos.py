"""Faults on the whole system: what is lost, what is wrong, how long until all is well again."""

from pathlib import Path

import click

from benchmarks.cli._options import output_options
from benchmarks.cli._output import recorded

_KEYS = """\b
Two collectors, a web server of two workers, maintenance, a Redis and a database of their own run
the simulated market, with somebody who looks at chains, has alerts and orders on paper, while old
days are archived and brought back and a table is converted there and back; what the market was at
any moment is known. Programs that end are started again after a second, as an init system does. A
clock that is set is the programs' own, and the database's if it is said so; the broker that falls
silent is the stand-in, beside all else.
\b
Keys of --json, beside schema_version, machine and servers:
  faults           how many happened; `each` has which one and its recovery_s
  survived         after how many all chains were shown anew within objective_s
  recovery_p50_s, recovery_p99_s, recovery_max_s
                   from the end of a fault until every chain is shown with a state from after it
  rows_lost        rows of snapshots that were seen committed, and are not there at the end
  rows_doubled     rows of a contract and instant that is there already
  marks_doubled, marks_missing
                   moments of the schedule with two snapshots, or with none
  rollups_wrong    minutes of oi_1m that a direct GROUP BY tells otherwise
  features_lost, features_doubled
                   snapshots without a row of ml_features, which is being converted, or with two
  archive_wrong    1 where the old days are not what they were before
  rounds           how often all that was due was archived and brought back, and a table converted
  alerts, alerts_doubled
                   that were told, and those told twice
  wrong_answers    chains shown or stored that the market never was, errors that say nothing;
                   `wrong` tells the first
  ages, wrong_ages ages that were told; those 0.2 s too young or 1 s too old, of which
                   wrong_ages_told has the first
  orders, orders_lost, orders_doubled, orders_kept_though_refused
                   paper orders by what their sender was told
  answers          answers by status; "none" where nobody answered
  restarts         by program
  absent           what could not happen here, and why
"""


@click.command(epilog=_KEYS)
@click.option(
    "--faults",
    default=30,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many; one takes 15 seconds or so.",
)
@click.option("--seed", default=1, show_default=True, help="Of their order.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this fault; repeatable.")
@output_options
def command(
    faults: int, seed: int, only: tuple[str, ...], json_file: Path | None, out: Path | None
) -> None:
    """Kill, freeze, cut off and starve each part of a running system, and judge what it did."""
    from benchmarks.chaos.run import chaos_on

    with recorded("chaos", json_file, out) as result:
        chaos_on(result, faults=faults, seed=seed, only=only)
