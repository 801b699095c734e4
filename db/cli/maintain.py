"""Refresh rollups, archive and drop what is due, once or for as long as it runs."""

import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, duration_text, json_text, table_text
from db.command_line import Amount
from db.endings import on_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from db.timescale.maintenance import PolicyRun

_EPILOG = """\b
Safe to run twice at once. Exit code 1 when a policy failed.
--json prints {"runs": [{kind, target, last_run, duration_ms, status, error, next_run}],
"failed": N}; with --fill also "filled": [names].
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.option("--once", is_flag=True, help="Run what is due and end (the default).")
@click.option(
    "--every",
    "every_s",
    type=Amount(min=0.1, max=86_400),
    metavar="SECONDS",
    help="Keep running: look for what is due every so often, until Ctrl-C or SIGTERM.",
)
@click.option("--all", "all_now", is_flag=True, help="Run every policy, due or not.")
@click.option("--fill", "fills", is_flag=True, help="First bring every rollup up to date in full.")
@click.option(
    "--schedule",
    "schedule_s",
    type=click.IntRange(1, 3600),
    metavar="SECONDS",
    help="Have the server do it instead (TimescaleDB's jobs, or pg_cron), and end.",
)
@click.option("--unschedule", is_flag=True, help="End what --schedule began.")
@as_json_option
def command(
    once: bool,
    every_s: float | None,
    all_now: bool,
    fills: bool,
    schedule_s: int | None,
    unschedule: bool,
    as_json: bool,
) -> None:
    from db import privileges
    from db.engine import direct_engine
    from db.rights import require_at
    from db.settings import settings

    if sum((once, every_s is not None, schedule_s is not None, unschedule)) > 1:
        raise click.UsageError("Give one of --once, --every, --schedule and --unschedule.")
    if every_s is not None:
        privileges.drop(settings().run_as)
        if warning := privileges.warning():
            click.echo(warning, err=True)
    engine = direct_engine()
    require_at(engine.url, "maintain")
    if schedule_s is not None or unschedule:
        _schedule(engine, schedule_s)
        return
    filled = _fill(engine) if fills else None
    if every_s is not None:
        _keep_running(engine, every_s)
        return
    _finish(_run(engine, all_now), filled, as_json)


def _run(engine: "Engine", all_now: bool) -> "Sequence[PolicyRun]":
    from db.engine import synced
    from db.runs import noted
    from db.timescale.maintenance import run_due

    with noted(engine, "maintain") as run, synced(engine):
        ran = run_due(engine, all_now=all_now)
        run.size, run.is_idle = len(ran), not ran
        failed = [f"{each.kind} of {each.target}: {each.error}" for each in ran if _failed(each)]
        if failed:
            run.problem = f"{len(failed)} of {len(ran)} policies failed: {failed[0]}"
        return ran


def _failed(run: "PolicyRun") -> bool:
    return run.status != "ok"


def _fill(engine: "Engine") -> "Sequence[str]":
    from db.engine import synced
    from db.runs import noted
    from db.timescale.maintenance import fill_all

    with noted(engine, "fill rollups") as run, synced(engine):
        filled = fill_all(engine, lambda line: click.echo(line, err=True))
        run.size = len(filled)
        return filled


def _schedule(engine: "Engine", every_s: int | None) -> None:
    from db.timescale import scheduling

    if every_s is None:
        scheduling.unschedule(engine)
        click.echo("The server runs nothing by itself any more.")
        return
    by = scheduling.schedule(engine, timedelta(seconds=every_s))
    name = {"job": "TimescaleDB's job scheduler", "pg_cron": "pg_cron"}[by]
    click.echo(f"{name} runs what is due every {duration_text(every_s)}.")


def _keep_running(engine: "Engine", every_s: float) -> None:
    """Runs what is due again and again; a database that is away is waited for."""
    from db.errors import DatabaseUnavailableError

    stopped = threading.Event()
    on_end(stopped.set)
    while not stopped.is_set():
        try:
            for run in _run(engine, all_now=False):
                if _failed(run):
                    click.echo(f"{run.kind} of {run.target}: {run.error}", err=True)
        except DatabaseUnavailableError as error:
            click.echo(str(error), err=True)
        stopped.wait(every_s)


def _finish(runs: "Sequence[PolicyRun]", filled: "Sequence[str] | None", as_json: bool) -> None:
    from dataclasses import asdict

    failed = sum(map(_failed, runs))
    if as_json:
        document: dict[str, object] = {"runs": [asdict(run) for run in runs], "failed": failed}
        if filled is not None:
            document["filled"] = filled
        click.echo(json_text(document))
    elif runs:
        click.echo(table_text(("policy", "of", "ms", "status", "error"), map(_cells, runs)))
    else:
        click.echo("Nothing is due.")
    sys.exit(1 if failed else 0)


def _cells(run: "PolicyRun") -> tuple[object, ...]:
    duration = None if run.duration_ms is None else round(run.duration_ms, 1)
    return run.kind, run.target, duration, run.status, run.error
