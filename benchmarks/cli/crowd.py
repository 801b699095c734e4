"""A crowd at one dashboard: viewers of live chains, requests for data, sign-ins at once."""

from pathlib import Path

import click

from benchmarks.cli._options import chosen_server, output_options, url_option
from benchmarks.cli._output import recorded

_KEYS = """\b
Full chains of all keys, which a collector renews each second; the crowd is on the same machine.
\b
Keys of --json, beside schema_version, machine and servers:
  viewers, workers, seconds
                  as asked
  commits         chains that were committed meanwhile
  pushes          how many of them reached a page, over all pages
  push_p50_ms, push_p95_ms, push_p99_ms, push_max_ms
                  from the announcement of a commit until a page has its frame
  push_bytes      bytes of all frames, as they came over the wire
  server_cpu_percent, server_cpu_ms_per_viewer_s
                  what the web server took of one core meanwhile, for everything it does; the
                  viewers and the collector take theirs of the same machine
  lost_viewers    pages whose socket ended before the end
  data            /api/data, one request after the other on each connection: requests,
                  requests_per_s, failures, p50_ms, p99_ms
  data_at_half    the same at half that rate, each timed from when it was due
  sign_ins, sign_in_failures, sign_in_p50_ms, sign_in_p99_ms
                  people who sign in from the same moment on
"""


@click.command(epilog=_KEYS)
@url_option
@click.option("--viewers", default=500, show_default=True, type=click.IntRange(1, 1900))
@click.option("--sign-ins", default=200, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--connections",
    default=16,
    show_default=True,
    type=click.IntRange(1, 500),
    help="That ask for data.",
)
@click.option(
    "--seconds",
    default=30,
    show_default=True,
    type=click.IntRange(1, 3600),
    help="Of each part.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@output_options
def command(
    url: str | None,
    viewers: int,
    sign_ins: int,
    connections: int,
    seconds: int,
    workers: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """How soon a commit is on every screen, and how many requests a second are answered."""
    from benchmarks.crowd.run import crowd_on

    with recorded("crowd", json_file, out) as result:
        crowd_on(
            chosen_server(url),
            result,
            viewers=viewers,
            sign_ins=sign_ins,
            connections=connections,
            seconds=seconds,
            workers=workers,
        )
