"""Login page and dashboard in Chromium: LCP, INP, CLS, time to usable, bytes, a day left open."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import (
    DatasetOptions,
    chosen_server,
    dataset_options,
    output_options,
    url_option,
)
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  browser          its version
  server_start_ms  from process start to the first answered login page
  pages            page, network (local, 4G), cache (cold, warm), visits, and medians of
                   usable_ms, lcp_ms, inp_ms, cls, bytes, requests, usable_bytes (what had
                   come when the page could be used); lcp_quartiles_ms
  sign_in          from the click on "Sign in" to a usable dashboard, medians: cold_ms (empty
                   cache), warm_ms (after a first visit)
  past             steps by key through the newest and the oldest day, from the key to the painted
                   chain: count, min_ms, p50_ms, p95_ms, p99_ms, max_ms
  live             contracts of the chain that is watched while a collector renews all four each
                   second, updates (of all four), busy (share of a core that the main thread takes),
                   interactions, inp_ms (98th percentile), slowest of them (what, ms, waited_ms,
                   worked_ms, painted_ms), cls, shifted (what moved)
  aged             updates fed as fast as they are drawn, heap_bytes before them,
                   growth_bytes_per_hour, growth_bytes_per_day (6.5 hours), both extrapolated
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=2)
@click.option(
    "--repeats",
    default=3,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Visits of each page and network.",
)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    repeats: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Visit the pages cold and warm, on the local network and throttled to 4G."""
    from benchmarks.web.pages import pages_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("pages", json_file, out) as result:
        pages_on(chosen_server(url), spec, result, repeats=repeats)
