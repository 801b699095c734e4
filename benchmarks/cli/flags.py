"""What each optimization that OI_WITHOUT leaves out is worth."""

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
  flags    flag (its name in OI_WITHOUT), title (what was measured), with_ms, without_ms, ratio
           (without over with), low and high (95 % interval of the ratio, null where there is none)
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=8)
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Interleaved rounds.",
)
@click.option(
    "--seconds",
    default=20,
    show_default=True,
    type=click.IntRange(2, 3600),
    help="How long a page is watched, pushed and polled.",
)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    rounds: int,
    seconds: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Ask the dashboard the same with each optimization and without it, side by side.

    Rollups are compared without the cache, the live edge where no newest chain is kept. Models are
    those that OI_HOME serves; without one they are left out.
    """
    from benchmarks.flags.run import flags_on
    from db.settings import settings

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("flags", json_file, out) as result:
        flags_on(
            chosen_server(url),
            spec,
            result,
            rounds=rounds,
            seconds=seconds,
            models=settings().home,
        )
