"""Every target with its figure: met, or missed with where the time goes and what was tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report.blocks import Block, Cell, Note, Section, Table, text
from benchmarks.report.sections.queries import asked
from benchmarks.report.sections.split import excess
from benchmarks.targets import LIMITS, READS, Limit

Document = Mapping[str, Any]

_NAMED = 3
_HEAD = ("target", "asked", "measured", "", "where the time goes", "what was tried")


@dataclass(frozen=True, slots=True)
class _Verdict:
    title: str
    asked: str
    measured: str
    is_met: bool | None
    reason: str
    tried: str

    def row(self) -> list[Cell]:
        cell = {
            True: Cell("met", "good"),
            False: Cell("missed", "bad"),
            None: Cell("history too short", "faint"),
        }[self.is_met]
        why = [text(part or None) for part in (self.reason, self.tried)]
        if self.is_met is not False:
            why = [text(""), text("")]
        return [text(self.title), text(self.asked), text(self.measured), cell, *why]


def target_sections(parts: Sequence[Document]) -> Sequence[Section]:
    """One row a target that these parts can be held to; none where they can be held to none."""
    found = [verdict for part in parts for verdict in _verdicts(part)]
    if not found:
        return []
    missed = [verdict for verdict in found if verdict.is_met is False]
    met = sum(verdict.is_met is True for verdict in found)
    counted = f"{met} of {len(found)} met" + (f", {len(missed)} missed" if missed else "")
    blocks: list[Block] = [
        Note(
            f"{counted}. A factor that days of history make is judged from 14 million rows on, or "
            "where it is reached already. The plans of the reads stand under Plans.",
            "bad" if missed else "good",
        ),
        Table(_HEAD, [verdict.row() for verdict in found]),
    ]
    return [Section("Targets", blocks)]


def _verdicts(part: Document) -> Iterator[_Verdict]:
    if part["command"] == "run":
        yield from map(_read, part["queries"])
    for limit in LIMITS:
        figure = limit.figure(part) if limit.part == part["command"] else None
        if figure is not None:
            yield _other(limit, figure, part)


def _read(query: Document) -> _Verdict:
    low, high = query["speedup_95"]
    known = READS.get(query["name"])
    return _Verdict(
        title=query["title"],
        asked=asked(query["target"]),
        measured=f"{_factor(query['speedup'])} × ({_factor(low)}–{_factor(high)}), "
        f"{query['floors']:.2f} floors, {_factor(query['after_ms'])} ms",
        is_met=query["target"]["met"],
        reason="; ".join(_reasons(query)),
        tried=known.tried if known else "",
    )


def _reasons(query: Document) -> Iterator[str]:
    """In what it is above its floor, and in what it takes longer than before."""
    wanted = query["target"]
    is_slower = wanted["speedup"] is not None and query["speedup"] < wanted["speedup"]
    is_above = wanted["floors"] is not None and query["floors"] > wanted["floors"]
    sides = []
    if is_slower and query["speedup"] < 1:
        sides.append(("before", "before"))
    if is_above or (is_slower and query["speedup"] >= 1):
        sides.append(("floor", "the floor"))
    for over, name in sides:
        if more := excess(query, over):
            yield f"over {name}: {more}"


def _other(limit: Limit, figure: float, part: Document) -> _Verdict:
    dearest = sorted(limit.split(part).items(), key=lambda each: -each[1])[:_NAMED]
    bare = limit.bare(part)
    beside = "" if bare is None else f" (a bare hypertable {_factor(bare)}{limit.unit})"
    sign, wanted = ("≤", limit.most) if limit.most is not None else ("≥", limit.least)
    return _Verdict(
        title=limit.title,
        asked=f"{sign} {wanted:,g}{limit.unit}",
        measured=f"{_factor(figure)}{limit.unit}{beside}",
        is_met=limit.is_met(figure),
        reason=", ".join(f"{name} {_factor(ms)} ms" for name, ms in dearest),
        tried=limit.tried,
    )


def _factor(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
