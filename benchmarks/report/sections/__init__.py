"""What each kind of result has to say, as sections; a result may hold the parts of others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Note, Section
from benchmarks.report.sections.check import check_sections
from benchmarks.report.sections.convert import convert_sections
from benchmarks.report.sections.crowd import chaos_sections, crowd_sections, soak_sections
from benchmarks.report.sections.environment import environment_section
from benchmarks.report.sections.feed import day_sections, feed_sections
from benchmarks.report.sections.flags import flag_sections
from benchmarks.report.sections.ingest import ingest_sections
from benchmarks.report.sections.overhead import overhead_sections
from benchmarks.report.sections.peers import peer_sections
from benchmarks.report.sections.queries import query_sections
from benchmarks.report.sections.retention import retention_sections
from benchmarks.report.sections.scale import scale_sections
from benchmarks.report.sections.signals import signal_sections
from benchmarks.report.sections.targets import target_sections
from benchmarks.report.sections.upkeep import archive_sections
from benchmarks.report.sections.walk import walk_sections
from benchmarks.report.sections.web import load_sections, page_sections

Document = Mapping[str, Any]

_BUILDERS: Mapping[str, Callable[[Document], Sequence[Section]]] = {
    "check": check_sections,
    "ingest": ingest_sections,
    "feed": feed_sections,
    "flags": flag_sections,
    "feed-day": day_sections,
    "retention": retention_sections,
    "scale": scale_sections,
    "peers": peer_sections,
    "load": load_sections,
    "pages": page_sections,
    "signals": signal_sections,
    "overhead": overhead_sections,
    "archive": archive_sections,
    "convert": convert_sections,
    "chaos": chaos_sections,
    "crowd": crowd_sections,
    "soak": soak_sections,
    "run": query_sections,
    "walk": walk_sections,
}


def sections_of(document: Document) -> list[Section]:
    """The sections of a result document: its figures first, then what they were measured on.

    A result of many parts opens with its targets, a part ends with them.
    """
    parts = document.get("parts", [document])
    sections = [section for part in parts for section in _sections(part)]
    targets = target_sections([part for part in parts if "error" not in part])
    figures = [*targets, *sections] if "parts" in document else [*sections, *targets]
    return [*_ended(document), *_absent(document), *figures, environment_section(document)]


def _sections(part: Document) -> Sequence[Section]:
    build = _BUILDERS.get(part["command"], _nothing)
    try:
        return build(part)
    except LookupError:
        # what an error kept it from measuring is not there to be shown
        if "error" in part:
            return ()
        raise


def _ended(document: Document) -> Sequence[Section]:
    """What ended a run before its end."""
    if "error" not in document:
        return ()
    return [Section("Ended early", [Note(document["error"], "bad")], document["arguments"])]


def _absent(document: Document) -> Sequence[Section]:
    """What a run of all parts has to say about those that are missing."""
    notes = [
        Note(f"{name} {kind}: {reason}", "bad")
        for kind in ("skipped", "failed")
        for name, reason in document.get(kind, {}).items()
    ]
    return [Section("Missing parts", notes, document["arguments"])] if notes else []


def _nothing(document: Document) -> Sequence[Section]:
    return ()
