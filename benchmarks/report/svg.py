"""The curves of a report as SVG files that stand alone, for a page that is no HTML."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report.blocks import Lines, Section
from benchmarks.report.charts import lines_svg

# without a page around it a chart brings its colours, for light and for dark
_STYLE = """<style>
text { font-family: system-ui, sans-serif; fill: #24292f; }
.grid { stroke: #d0d7de; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #30363d; } }
</style>"""
_NAME = re.compile(r"[^a-z0-9]+")


def write_curves(sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write each chart of curves into `folder`, named by its title; the files written."""
    written = []
    for title, drawn in _drawn(sections):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{_NAME.sub('-', title.lower()).strip('-')}.svg"
        file.write_text(drawn, encoding="utf-8")
        written.append(file)
    return written


def _drawn(sections: Sequence[Section]) -> Iterator[tuple[str, str]]:
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Lines) and (svg := lines_svg(block)):
                yield block.title, svg.replace("</title>", f"</title>{_STYLE}", 1) + "\n"
