"""Results as pages for people: Markdown and one self-contained HTML file."""

from benchmarks.report.html import html_report
from benchmarks.report.markdown import markdown_report
from benchmarks.report.sections import sections_of

__all__ = ["html_report", "markdown_report", "sections_of"]
