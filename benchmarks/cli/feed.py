"""The broker's feed at full width, from a stand-in's socket to committed rows and browsers."""

from pathlib import Path

import click

from benchmarks.cli._options import chosen_server, output_options, url_option
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  contracts               contracts of all keys, each followed in full mode
  seconds                 how long was measured, after warming up
  ticks_per_s             packets taken in a second
  queue_max               snapshots that ever waited for the writer when a round of chains began
  burst_max               … when any chain was handed over: all of them may be due at once
  commits                 commits of a chain, to the live edge or into history
  tick_to_commit_p50_ms   from the arrival of the first packet of a chain's newest second until
  tick_to_commit_p99_ms   the chain is committed
  pushes                  chains that a page was pushed
  tick_to_browser_p50_ms  from the sending of that packet until a page has read the frame of it,
  tick_to_browser_p99_ms  through a web server of its own
  rows_sent               contracts of all chains that were due for history
  rows_stored             rows that history holds
  rows_doubled            of them, rows of a contract and instant that is there already
  rows_wrong              of them, rows that differ from what the frames sent until then leave,
                          whichever of them was read last
  chains_wrong            how many in which chains
  examples_wrong          the first of these rows, an instrument once, beside what was sent of it
  decode_packets_per_s    full packets of 9,000 instruments decoded in a second of one core
  decode_9000_core_share  share of a core that 9,000 instruments at a tick a second need
\b
Keys with --day, beside contracts, queue_max and rows_…:
  day, until, speed       what was played, and how much faster than it was
  faults                  what went wrong, in turn
  marks, marks_missing, marks_missing_after
                          snapshots that a day without faults has, those that this one lacks, and
                          how many after which fault
  reconnects, pushes      of the collector; chains that one page was pushed all day
  pages, pages_failed, pages_empty, page_p50_ms, page_p99_ms
                          chains asked for at random moments
  ages, ages_too_young, ages_too_old
                          ages that they named; those more than 50 ms too young, 1 s too old
  age_too_young_ms, age_too_old_ms
                          the worst ones
  held                    memory, threads and descriptors every ten minutes of the market
  rss_growth_mib, web_rss_growth_mib
                          from the second third of the day to the last
  threads_leaked, descriptors_leaked
                          what was left of the collector at the end
  official_ticks, official_sent, official_unsent, official_connects
                          what the official client read, was sent, read that nobody had sent
  dropped, rows_refused   snapshots given up; rows that the database refused
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
@click.option(
    "--day",
    is_flag=True,
    help="Play a whole trading day at 20 times its pace instead, with a fault every ten minutes "
    "of it; takes 20 minutes.",
)
@output_options
def command(
    url: str | None, seconds: int, day: bool, json_file: Path | None, out: Path | None
) -> None:
    """Follow full chains at two ticks a second each from a stand-in in a process of its own."""
    from benchmarks.feed.day import day_on
    from benchmarks.feed.steady import feed_on

    with recorded("feed-day" if day else "feed", json_file, out) as result:
        if day:
            day_on(chosen_server(url), result)
        else:
            feed_on(chosen_server(url), result, seconds=seconds)
