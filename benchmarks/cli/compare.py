"""Two results side by side: what became faster, slower, or is planned another way."""

from pathlib import Path

import click

_KEYS = """\b
Keys of --json: schema_version, a, b (paths), changes (query, after_a_ms, after_b_ms, floors_a,
floors_b, relative, verdict, buffers_a, buffers_b, same_shape), only_in_a, only_in_b.
"""


@click.command(epilog=_KEYS)
@click.argument("a", type=click.Path(exists=True, path_type=Path))
@click.argument("b", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the comparison there.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the comparison as one self-contained HTML file.",
)
def command(a: Path, b: Path, json_file: Path | None, html: Path | None) -> None:
    """Compare two results (folders, or their result.json) of run or all."""
    from dataclasses import asdict

    from benchmarks.cli._options import command_line
    from benchmarks.report import html_report
    from benchmarks.report.changes import changes, only_in_one
    from benchmarks.report.results import SCHEMA_VERSION, read_json, understood, write_json
    from benchmarks.report.sections.compare import change_section
    from benchmarks.report.terminal import print_sections

    old, new = read_json(a), read_json(b)
    with understood(f"{a} or {b}"):
        listed = list(changes(old, new))
        missing = only_in_one(old, new)
    section = change_section(listed, missing, command_line())
    print_sections([section])
    if html:
        html.write_text(html_report("OI Gemini benchmarks: two runs", [section]), encoding="utf-8")
    if json_file:
        document = {
            "schema_version": SCHEMA_VERSION,
            "a": a,
            "b": b,
            "changes": [
                asdict(one) | {"relative": one.relative, "verdict": one.verdict} for one in listed
            ],
            "only_in_a": missing[0],
            "only_in_b": missing[1],
        }
        write_json(document, json_file)
