"""A result as Markdown, as one HTML file, or as the README's generated section."""

from pathlib import Path

import click


@click.command()
@click.argument("result", type=click.Path(exists=True, path_type=Path))
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--readme",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Rewrite the section between the benchmark markers of this file.",
)
@click.option(
    "--curves",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write each chart of curves there, as an SVG file.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the result document there (keys: see the command that made it).",
)
def command(
    result: Path,
    html: Path | None,
    markdown: Path | None,
    readme: Path | None,
    curves: Path | None,
    json_file: Path | None,
) -> None:
    """Render RESULT (a folder, or its result.json) again; without options, on the terminal."""
    from benchmarks.errors import BenchmarkError
    from benchmarks.report import html_report, markdown_report, sections_of
    from benchmarks.report import readme as generated
    from benchmarks.report.results import read_json, understood, write_json
    from benchmarks.report.svg import write_curves
    from benchmarks.report.terminal import print_sections

    document = read_json(result)
    with understood(result):
        sections = sections_of(document)
    title = f"OI Gemini benchmarks: {document['command']}"
    if html:
        html.write_text(html_report(title, sections), encoding="utf-8")
    if markdown:
        markdown.write_text(markdown_report(title, sections), encoding="utf-8")
    if readme:
        generated.rewrite(readme, document, sections)
    if json_file:
        write_json(document, json_file)
    if curves and not write_curves(sections, curves):
        raise BenchmarkError(f"{result} has no curves: they are of `scale`.")
    if not any((html, markdown, readme, curves, json_file)):
        print_sections(sections)
