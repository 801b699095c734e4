"""Where results go: a folder a run, --json, a table on the terminal."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.cli._options import command_line
from benchmarks.report import results
from benchmarks.report.results import Result
from db.errors import InvalidInputError

_TITLE = "OI Gemini benchmarks"


@contextmanager
def recorded(command: str, json_file: Path | None, out: Path | None) -> Iterator[Result]:
    """A result to fill; written, reported and shown when the block ends.

    What was measured before an error is kept as result.json with the key `error`. Raises
    InvalidInputError, before anything is measured, for a place that takes no files.
    """
    demand_places((out or _default_folder()) / "x", json_file)
    result = results.start(command, command_line())
    try:
        yield result
    except BaseException as error:
        if result.data:
            _keep(result, error, out)
        raise
    results.finish(result)
    folder = write_folder(result, out)
    if json_file:
        results.write_json(result.document(), json_file)
    show(result, folder)


def demand_places(*files: Path | None) -> None:
    """Raise InvalidInputError where a file could not be written; a missing folder is made."""
    for file in filter(None, files):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # by doing it: rights alone do not tell of a file system that is read-only
            with tempfile.TemporaryFile(dir=file.parent):
                pass
        except OSError as error:
            raise InvalidInputError(
                f"{file.parent} takes no results: {error.strerror or error}."
            ) from error


def _keep(result: Result, error: BaseException, out: Path | None) -> None:
    told = "Interrupted." if isinstance(error, KeyboardInterrupt) else str(error)
    results.finish(result).data["error"] = told or type(error).__name__
    folder = results.folder_for(result, out or _default_folder())
    results.write_json(result.document(), folder / "result.json")
    click.echo(f"Measured so far: {folder / 'result.json'}", err=True)


def _default_folder() -> Path:
    from db.settings import settings

    return settings().home / "benchmarks"


def write_folder(result: Result, out: Path | None) -> Path:
    """Write result.json, report.md and report.html into the result's own folder."""
    from benchmarks.report import html_report, markdown_report, sections_of

    folder = results.folder_for(result, out or _default_folder())
    results.write_json(result.document(), folder / "result.json")
    document = results.read_json(folder)
    sections = sections_of(document)
    title = f"{_TITLE}: {result.command}"
    (folder / "report.md").write_text(markdown_report(title, sections), encoding="utf-8")
    (folder / "report.html").write_text(html_report(title, sections), encoding="utf-8")
    return folder


def show(result: Result, folder: Path) -> None:
    """Print the tables of a result, spread and plans left out, and where the rest is."""
    from benchmarks.report import sections_of
    from benchmarks.report.sections.queries import SPREAD
    from benchmarks.report.terminal import print_sections

    document = results.read_json(folder)
    print_sections(
        [s for s in sections_of(document) if s.title not in (SPREAD, "Plans", "Measured on")]
    )
    click.echo(f"Report: {folder / 'report.html'}")
