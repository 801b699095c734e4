"""What each kind of result has to say, as sections; a result may hold the parts of others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Section
from benchmarks.report.sections.environment import environment_section
from benchmarks.report.sections.queries import query_sections

Document = Mapping[str, Any]

_BUILDERS: Mapping[str, Callable[[Document], Sequence[Section]]] = {
    "run": query_sections,
}


def sections_of(document: Document) -> list[Section]:
    """The sections of a result document: its figures first, then what they were measured on."""
    parts = document.get("parts", [document])
    sections = [
        section for part in parts for section in _BUILDERS.get(part["command"], lambda _: ())(part)
    ]
    return [*sections, environment_section(document)]


def _nothing(document: Document) -> Sequence[Section]:
    return ()
