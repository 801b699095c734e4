"""The broker's feed at full width, from a stand-in's socket to committed rows."""

from pathlib import Path

import click

from benchmarks.cli._options import chosen_server, output_options, url_option
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  contracts               contracts of the four keys, each followed in full mode
  seconds                 how long was measured, after warming up
  ticks_per_s             packets taken in a second
  queue_max               snapshots that ever waited for the writer
  commits                 commits of a chain, to the live edge or into history
  tick_to_commit_p50_ms   from the arrival of the first packet of a chain's newest second until
  tick_to_commit_p99_ms   the chain is committed
  rows_sent               contracts of all chains that were due for history
  rows_stored             rows that history holds
  rows_doubled            of them, rows of a contract and instant that is there already
  rows_wrong              of them, rows that are neither the stand-in's newest tick nor the one
                          before it
  decode_packets_per_s    full packets of 9,000 instruments decoded in a second of one core
  decode_9000_core_share  share of a core that 9,000 instruments at a tick a second need
"""


@click.command(epilog=_KEYS)
@url_option
@click.option(
    "--seconds",
    default=30,
    show_default=True,
    type=click.IntRange(5, 240),
    help="How long to measure.",
)
@output_options
def command(url: str | None, seconds: int, json_file: Path | None, out: Path | None) -> None:
    """Follow full chains at two ticks a second each from a stand-in in a process of its own."""
    from benchmarks.parts.feed import feed_on

    with recorded("feed", json_file, out) as result:
        feed_on(chosen_server(url), result, seconds=seconds)
