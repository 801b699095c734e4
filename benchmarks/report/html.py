"""Sections as one HTML file that needs nothing else."""

from collections.abc import Sequence

from benchmarks.report.blocks import Section
from benchmarks.report.charts import bars_svg, lines_svg, ranges_svg


def html_report(title: str, sections: Sequence[Section]) -> str:
    """The whole report with its styles and charts inside."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("benchmarks.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # the charts escape their own labels
    environment.filters["bars"] = lambda block: Markup(bars_svg(block))  # noqa: S704
    environment.filters["lines"] = lambda block: Markup(lines_svg(block))  # noqa: S704
    environment.filters["ranges"] = lambda block: Markup(ranges_svg(block))  # noqa: S704
    environment.filters["kind"] = lambda block: type(block).__name__
    return environment.get_template("report.html").render(title=title, sections=sections)
