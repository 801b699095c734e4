"""Options that several commands share, and what they stand for."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.dataset.spec import DatasetSpec, newest_end
from benchmarks.server.databases import BenchmarkServer, server_at
from benchmarks.workloads.names import NAMES
from db.command_line import MOST
from db.market.clock import market_now

_YEARS = range(1990, 2101)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def url_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--url: the server to measure."""
    return click.option(
        "--url",
        metavar="URL",
        help="A superuser's postgresql:// URL of the server to measure; without it "
        "OI_DATABASE_URL, else the local server. Only databases made for the run are touched.",
    )(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json and --out."""
    command = click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Where the result folder is made (default: benchmarks/ below OI_HOME).",
    )(command)
    return click.option(
        "--json",
        "json_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Also write the result document there.",
    )(command)


class Day(click.DateTime):
    """A day that a calendar of years around it can be made for."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        day = super().convert(value, param, ctx)
        if day.year not in _YEARS:
            self.fail(f"{value!r} is not in {_YEARS[0]} to {_YEARS[-1]}.", param, ctx)
        return day


def dataset_options(days: int = 10) -> Decorator:
    """--days, --strikes, --cadence, --end and --seed: the history; given as `spec`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        options = [
            click.option("--days", default=days, show_default=True, help="Trading days, 1–500."),
            click.option(
                "--strikes", default=41, show_default=True, help="Strikes a chain; 0 = full width."
            ),
            click.option(
                "--cadence", default=30, show_default=True, help="Seconds between snapshots, 1–30."
            ),
            click.option(
                "--end",
                type=Day(["%Y-%m-%d"]),
                metavar="DATE",
                help="Last trading day (default: the newest that two others follow before today).",
            ),
            click.option(
                "--seed",
                default=1,
                show_default=True,
                type=click.IntRange(0, MOST),
                help="Seed of all that is drawn.",
            ),
        ]
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def query_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--query: which workloads, repeatable."""
    return click.option(
        "--query",
        "queries",
        multiple=True,
        type=click.Choice(NAMES),
        metavar="NAME",
        help=f"Only this workload; repeatable. One of: {', '.join(NAMES)}.",
    )(command)


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """The dataset options as click hands them over."""

    days: int
    strikes: int
    cadence: int
    end: datetime | None
    seed: int

    def spec(self) -> DatasetSpec:
        """The history they stand for; raises BenchmarkError when a value is out of range."""
        end: date = self.end.date() if self.end else newest_end(market_now().date())
        return DatasetSpec(self.days, self.strikes, self.cadence, end, self.seed)


def chosen_server(url: str | None) -> BenchmarkServer:
    """The server of --url or its defaults; an operator's keys and calendar are taken up."""
    from db.settings import settings

    settings()
    return server_at(url)


def command_line() -> str:
    """The command as it was typed, for the report; a password in a URL is left out."""
    import re

    words = " ".join(shlex.quote(word) for word in sys.argv[1:])
    return "python -m benchmarks " + re.sub(r"(://[^:/@\s]+):[^@\s]*@", r"\1:***@", words)
