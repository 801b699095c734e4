"""Play random histories and compare every rollup with a direct GROUP BY, on every edition."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.server.databases import server_at
from db.command_line import MOST

if TYPE_CHECKING:
    from sqlalchemy import URL

    from benchmarks.equivalence.player import Outcome

_KEYS = """\b
Keys of --json: histories, differences (a count), editions, subjects (what was compared: the
toolkit's engine, native continuous aggregates), seed, checks, examples (of differences: history,
subject, rollup, check, actions, missing, unexpected). Exit code 1 when there is a difference.
"""


@click.command(help=__doc__, epilog=_KEYS)
@click.option(
    "--url",
    "given",
    multiple=True,
    metavar="URL",
    help="A superuser's postgresql:// URL; repeatable, one an edition. Without it OI_DATABASE_URL "
    "or the local server, and the servers of OI_TEST_DATABASE_URLS.",
)
@click.option("--histories", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, MOST),
    help="Seed of all that is drawn.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the outcome there.",
)
def command(given: tuple[str, ...], histories: int, seed: int, json_file: Path | None) -> None:
    from benchmarks.equivalence.run import run
    from benchmarks.report.results import write_json
    from benchmarks.timing.progress import steps

    with steps("histories", histories) as advance:
        outcome = run(_servers(given), histories, seed, lambda _: advance())
    if json_file:
        write_json(outcome.document(), json_file)
    _say(outcome)
    sys.exit(1 if outcome.differences else 0)


def _servers(given: tuple[str, ...]) -> "list[URL]":
    """The servers to play on, each once."""
    listed = [part.strip() for part in os.environ.get("OI_TEST_DATABASE_URLS", "").split(",")]
    wanted: list[str | None] = [*given] or [None, *filter(None, listed)]
    urls = [server_at(url).admin_url for url in wanted]
    return list(dict.fromkeys(urls))


def _say(outcome: "Outcome") -> None:
    click.echo(
        f"{outcome.histories} histories (seed {outcome.seed}) on {', '.join(outcome.subjects)}: "
        f"{outcome.checks} comparisons, {len(outcome.differences)} differences."
    )
    for difference in outcome.differences[:3]:
        click.echo(
            f"History {difference.history}, {difference.subject}, {difference.rollup} "
            f"({difference.check}) after {difference.actions[-1]}: "
            f"missing {sorted(map(str, difference.missing))[:3]}, "
            f"unexpected {sorted(map(str, difference.unexpected))[:3]}"
        )
