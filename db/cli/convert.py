"""Convert tables to hypertables and back while they are in use."""

from datetime import time
from typing import TYPE_CHECKING, Any

import click

from db.cli._asked import asked, is_open, one_asked, way_back, with_survey
from db.cli._conversions import plan_text, report_text, result_text
from db.cli._output import as_json_option, json_text
from db.command_line import MOST, Amount
from db.errors import InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from db.convert import Job, Throttle


@click.group(help=__doc__)
def command() -> None:
    pass


table_argument = click.argument("table")
nice_option = click.option(
    "--nice",
    type=Amount(0, 100),
    help="Rest after each piece of work, as a share of the time it took; 0 never rests, the "
    "default is 0.5.",
)


@command.command()
@click.argument("table", required=False)
@as_json_option
def plan(table: str | None, as_json: bool) -> None:
    """Say what a conversion would do and what stands in its way; changes nothing.

    TABLE is one table; without it, every table that is declared a hypertable and is none yet.
    """
    from dataclasses import asdict

    from db import convert

    url = _url()
    plans = [convert.plan(url, conversion) for conversion in asked(url, table)]
    plans, of_database = with_survey(url, plans)
    if as_json:
        click.echo(
            json_text(
                [asdict(one) | {"obstacles": [*one.obstacles, *of_database]} for one in plans]
            )
        )
        return
    for one in plans:
        click.echo(plan_text(one))
    for sentence in of_database:
        click.echo(f"IN THE WAY OF ALL: {sentence}")
    if not plans:
        click.echo("Nothing to convert: every table declared a hypertable is one, or is absent.")


@command.command()
@table_argument
@click.option("--to-plain", is_flag=True, help="Turn the hypertable into a plain table.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True)
@click.option("--oldest-first", is_flag=True, help="Copy the oldest windows first.")
@click.option(
    "--window-rows",
    type=click.IntRange(100, MOST),
    default=1_000_000,
    show_default=True,
    help="About how many rows a window holds; never more than a chunk's.",
)
@click.option("--hold-swap", is_flag=True, help="Get ready, keep in step, and wait for `swap`.")
@click.option("--rehearse", is_flag=True, help="Do all but the swap, compare, and clean up.")
@click.option("--rows-per-second", type=click.IntRange(1, MOST), help="Copy no faster.")
@click.option("--hours", help="Copy only between these times of day (IST), as 16:00-09:00.")
@click.option("--max-lag-s", type=Amount(0, 86_400), help="Wait while a replica is further behind.")
@nice_option
@as_json_option
def run(
    table: str,
    to_plain: bool,
    workers: int,
    oldest_first: bool,
    window_rows: int,
    hold_swap: bool,
    rehearse: bool,
    as_json: bool,
    **limits: Any,
) -> None:
    """Convert TABLE, or continue where an earlier run was stopped."""
    from db import convert
    from db.cli._progress import conversion_progress
    from db.rights import require_at
    from db.runs import noted_at

    url = _url()
    require_at(url, "convert", table)
    options = convert.RunOptions(
        workers=workers,
        oldest_first=oldest_first,
        window_rows=window_rows,
        hold_swap=hold_swap or None,
        rehearsal=rehearse,
        throttle=_throttle(**limits),
    )
    with noted_at(url, f"convert {table}"), conversion_progress(table) as on_progress:
        result = convert.run(
            url,
            way_back(url, table) if to_plain else one_asked(url, table),
            direction="to_plain" if to_plain else "to_hypertable",
            options=options,
            on_progress=on_progress,
        )
    click.echo(result_text(result, as_json))


@command.command()
@click.argument("table", required=False)
@as_json_option
def status(table: str | None, as_json: bool) -> None:
    """Show every conversion of this database, or those of TABLE, with their audit trail."""
    from dataclasses import asdict

    from db import convert

    reports = convert.report(_url(), table)
    if as_json:
        click.echo(json_text([asdict(one) for one in reports]))
        return
    click.echo("\n\n".join(map(report_text, reports)) or "No conversion was ever begun here.")


@command.command()
@table_argument
@as_json_option
def verify(table: str, as_json: bool) -> None:
    """Compare both sides of TABLE's conversion, by count and checksum, window by window."""
    from db import convert
    from db.cli._progress import conversion_progress

    with conversion_progress(table) as on_progress:
        rows = convert.verify(_url(), table, on_progress)
    click.echo(
        json_text({"table": table, "rows": rows, "equal": True})
        if as_json
        else f"Both sides of {table} hold the same {rows:,} rows."
    )


@command.command()
@table_argument
def finish(table: str) -> None:
    """Drop the table that was replaced; from then on `undo` copies the rows back."""
    from db import convert

    job = convert.finish(_url(), table)
    click.echo(f"{job.label}: the replaced table is gone.")


@command.command()
@table_argument
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True)
def undo(table: str, workers: int) -> None:
    """Give up TABLE's conversion, or go back to the plain table with every row written since."""
    from db import convert
    from db.cli._progress import conversion_progress
    from db.runs import noted_at

    url = _url()
    with noted_at(url, f"undo convert {table}"), conversion_progress(table) as on_progress:
        if is_open(url, table):
            convert.undo(url, table, on_progress)
        else:
            convert.run(
                url,
                way_back(url, table),
                direction="to_plain",
                options=convert.RunOptions(workers=workers),
                on_progress=on_progress,
            )
    click.echo(f"{table} is what it was before, with every row written since.")


@command.command()
@table_argument
def pause(table: str) -> None:
    """Copy nothing until `resume`; changes are still logged and nothing is lost."""
    _adjusted(table, "paused", paused=True)


@command.command()
@table_argument
def resume(table: str) -> None:
    """Go on after `pause`."""
    _adjusted(table, "goes on", paused=False)


@command.command()
@table_argument
@click.option("--rows-per-second", type=click.IntRange(1, MOST))
@click.option("--hours", help="Times of day (IST), as 16:00-09:00.")
@click.option("--max-lag-s", type=Amount(0, 86_400))
@nice_option
def throttle(table: str, **limits: Any) -> None:
    """Set the limits of a conversion, also while it runs; without options, lift them."""
    from db.convert import Throttle

    _adjusted(table, "limits set", throttle=_throttle(**limits) or Throttle())


@command.command()
@table_argument
def swap(table: str) -> None:
    """Let a held conversion swap; the run that holds it does so at once."""
    job = _adjusted(table, "may swap", hold_swap=False)
    if job.phase != "ready":
        click.echo(f"It is not ready yet (phase {job.phase}); it swaps once it is.")


def _adjusted(table: str, done: str, **changes: Any) -> "Job":
    from db import convert

    job = convert.adjust(_url(), table, **changes)
    click.echo(f"{job.label}: {done}.")
    return job


def _url() -> "URL":
    from db.engine import direct_url

    return direct_url()


def _throttle(
    rows_per_second: int | None, hours: str | None, max_lag_s: float | None, nice: float | None
) -> "Throttle | None":
    from db.convert import Throttle

    if rows_per_second is None and hours is None and max_lag_s is None and nice is None:
        return None
    return Throttle(
        rows_per_s=rows_per_second,
        hours=_hours(hours) if hours else None,
        max_lag_s=max_lag_s,
        **({} if nice is None else {"nice": nice}),
    )


def _hours(text: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise InvalidInputError(
            f"--hours takes two times of day as 16:00-09:00, not {text!r}."
        ) from None
    return start, end
