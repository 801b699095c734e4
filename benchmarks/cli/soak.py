"""A live market with many viewers for hours: memory, threads, descriptors, connections."""

from pathlib import Path

import click

from benchmarks.cli._options import chosen_server, output_options, url_option
from benchmarks.cli._output import recorded
from db.command_line import Amount

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  viewers, minutes, workers, speed
                 as asked
  snapshots      how many were stored
  samples        minute; rss_mib, threads, descriptors of the web server with its workers, the
                 same of the collector (collector_rss_mib, …), and connections of all programs to
                 the database
  rss_growth_mib, threads_growth, descriptors_growth, connections_growth, collector_rss_growth_mib,
  collector_threads_growth, collector_descriptors_growth
                 mean of the last third of the samples less that of the second third
  lost_viewers   pages whose socket ended before the end
  push_bytes     bytes of all frames, as they came over the wire
"""


@click.command(epilog=_KEYS)
@url_option
@click.option("--viewers", default=200, show_default=True, type=click.IntRange(1, 1900))
@click.option("--minutes", default=60.0, show_default=True, type=Amount(0.1, 10_000))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--speed",
    default=20.0,
    show_default=True,
    type=Amount(1, 60),
    help="How many times as often as usual there are states and snapshots of each chain.",
)
@output_options
def command(
    url: str | None,
    viewers: int,
    minutes: float,
    workers: int,
    speed: float,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Whether anything grows that should not."""
    from benchmarks.crowd.soak import soak_on

    with recorded("soak", json_file, out) as result:
        soak_on(
            chosen_server(url),
            result,
            viewers=viewers,
            minutes=minutes,
            workers=workers,
            speed=speed,
        )
