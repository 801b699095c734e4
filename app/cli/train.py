"""Train a model of signals on stored features, and say whether it is any good."""

from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.command_line import Amount
from db.errors import InvalidInputError

if TYPE_CHECKING:
    from app.signals.frame import Frame
    from app.signals.train import Plan

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command
@click.option("--exchange", required=True, help="Key of the chain: NSE, BSE, …")
@click.option("--from", "first", type=_DAY, required=True, help="First day to learn from.")
@click.option("--to", "last", type=_DAY, required=True, help="Last day to learn from.")
@click.option(
    "--horizon",
    "minutes",
    type=click.IntRange(1, 180),
    default=15,
    show_default=True,
    help="Minutes until a signal is judged.",
)
@click.option(
    "--width",
    type=Amount(0.05, 5),
    default=0.5,
    show_default=True,
    help="How far the index must move, as a share of what VIX expects of that time.",
)
@click.option(
    "--costs-bps",
    type=Amount(0, 100),
    default=3.0,
    show_default=True,
    help="Costs of a trade there and back, in hundredths of a percent of the index.",
)
@click.option(
    "--folds",
    type=click.IntRange(1, 20),
    default=4,
    show_default=True,
    help="Blocks of days that are tested on, each learnt before.",
)
@click.option("--across", is_flag=True, help="Learn across days on which the market changed.")
@click.option("--force", is_flag=True, help="Serve the model though nothing was found.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write all figures there."
)
@click.option("--report", type=click.Path(path_type=Path), help="Write the report there as well.")
def command(first: datetime, last: datetime, **choices: Any) -> None:
    """Train on the stored features of one chain; the model is served if it found anything.

    Only days that lie behind are learnt from. The report, one HTML file, lies beside the model in
    OI_HOME; the run is listed in training_batches.
    """
    import orjson

    from app.signals.registry import Registry
    from app.signals.report import html_report, text_report
    from app.signals.train import train
    from db.engine import write_engine
    from db.ingest.training import record_training
    from db.market.exchanges import exchange_named
    from db.queries.training import tries
    from db.settings import settings

    exchange = exchange_named(choices["exchange"]).key
    window = (first.date(), last.date())
    _demand_one_market(window, across=choices["across"])
    engine = write_engine()
    with engine.connect() as connection:
        frame = _frame(connection, exchange, window)
        plan = _plan(tries(connection, exchange) + 1, settings().signal_threshold, **choices)
    result = train(frame, plan, lambda line: click.echo(line, err=True))
    registry = Registry(settings().home, exchange)
    manifest = registry.keep(result, window, frame.version())
    is_served = result.has_found or choices["force"]
    folder = registry.folder / manifest["id"]
    with engine.begin() as connection:
        record_training(connection, manifest, folder, served=is_served)
    if is_served:
        registry.serve(manifest["id"])
    page = html_report(result, manifest, is_served)
    for path in filter(None, (folder / "report.html", choices["report"])):
        _write(path, page.encode())
    if choices["json_file"] is not None:
        told = {**manifest, "served": is_served}
        _write(choices["json_file"], orjson.dumps(told, option=orjson.OPT_INDENT_2))
    click.echo(text_report(result))
    click.echo(f"model {manifest['id']}: {'served' if is_served else 'not served'}")
    click.echo(f"report {folder / 'report.html'}")


def _demand_one_market(window: tuple[date, date], *, across: bool) -> None:
    from db.market.eras import changes_within

    first, last = window
    if first > last:
        raise InvalidInputError(f"--from {first} comes after --to {last}.")
    changed = changes_within(first, last)
    if changed and not across:
        day, what = changed[0].first, changed[0].says
        raise InvalidInputError(
            f"The market changed on {day} ({what}); train on days before it or from it on, or say "
            "--across."
        )


def _frame(connection: Any, exchange: str, window: tuple[date, date]) -> "Frame":
    from app.signals.frame import stored_frame
    from db.market.clock import IST

    first, last = window
    start, end = datetime.combine(first, time(), IST), datetime.combine(last, time.max, IST)
    frame = stored_frame(connection, exchange, start, end)
    if len(frame) == 0:
        raise InvalidInputError(f"No features of {exchange} are stored from {first} to {last}.")
    return frame


def _plan(
    tries: int,
    threshold: float,
    minutes: int,
    width: float,
    costs_bps: float,
    folds: int,
    **_: object,
) -> "Plan":
    from app.signals.labels import Rules
    from app.signals.train import Plan

    rules = Rules(horizon_s=minutes * 60, width=width, cost_bps=costs_bps)
    return Plan(rules=rules, folds=folds, threshold=threshold, tries=tries)


def _write(path: Path, content: bytes) -> None:
    from db.private_files import replace_private

    try:
        replace_private(path, content)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.") from error
