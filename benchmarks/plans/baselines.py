"""Stored plan shapes, and what counts as worse: never time, which depends on the machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.plans.planned import Planned

FILE = Path(__file__).with_name("baseline.json")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of one query's plan; `shape` is kept so that a change can be shown."""

    fingerprint: str
    shape: list[list[str]]
    buffers: int
    chunks: int
    scanned_rows: float
    row_error: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse a figure may get; pages and rows differ a little with every load."""

    buffers_factor: float = 1.25
    buffers_pages: int = 8
    row_error_factor: float = 2.0
    row_error_floor: float = 4.0
    scanned_factor: float = 1.25


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a plan is worse than its baseline."""

    query: str
    kind: str
    message: str


def entry_of(plan: Planned) -> Entry:
    """What to remember of a plan."""
    figures = plan.figures
    return Entry(
        fingerprint=plan.fingerprint,
        shape=[list(lines) for lines in plan.shape],
        buffers=figures.buffers,
        chunks=figures.chunks,
        scanned_rows=figures.scanned_rows,
        row_error=round(figures.row_error, 2),
    )


def findings(
    query: str, wanted: Entry, found: Entry, tolerance: Tolerance | None = None
) -> Iterator[Finding]:
    """How a plan is worse than the one remembered; nothing when it is as good or better."""
    allowed = tolerance or Tolerance()
    if found.fingerprint != wanted.fingerprint:
        yield Finding(query, "shape", _changed(wanted, found))
    most = max(wanted.buffers * allowed.buffers_factor, wanted.buffers + allowed.buffers_pages)
    if found.buffers > most:
        yield Finding(query, "buffers", f"{found.buffers} buffers instead of {wanted.buffers}")
    if found.chunks > wanted.chunks:
        yield Finding(query, "chunks", f"{found.chunks} chunks opened instead of {wanted.chunks}")
    if found.scanned_rows > wanted.scanned_rows * allowed.scanned_factor + 1:
        yield Finding(
            query,
            "rows read",
            f"{found.scanned_rows:.0f} rows read instead of {wanted.scanned_rows:.0f}",
        )
    limit = max(wanted.row_error * allowed.row_error_factor, allowed.row_error_floor)
    if found.row_error > limit:
        yield Finding(
            query,
            "row estimate",
            f"row estimates off by {found.row_error:.1f} × instead of {wanted.row_error:.1f} ×",
        )


def read_baseline(file: Path, key: str) -> Mapping[str, Entry]:
    """The entries of one server kind; raises BenchmarkError that says how to make them."""
    known = stored(file)
    if key not in known:
        names = ", ".join(sorted(known)) or "none"
        raise BenchmarkError(
            f"{file.name} holds no plans for {key} (it holds {names}); "
            "store today's with: python -m benchmarks check --update."
        )
    return known[key]


def write_baseline(
    file: Path, key: str, entries: Mapping[str, Entry], *, whole: bool = True
) -> None:
    """Store the entries of one server kind, leaving those of others as they are.

    Without `whole` those of queries that are not among them stay, too.
    """
    import orjson

    known = dict(stored(file)) if file.exists() else {}
    kept = {} if whole else known.get(key, {})
    known[key] = dict(sorted({**kept, **entries}.items()))
    document = {"format": FORMAT, "servers": dict(sorted(known.items()))}
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def stored(file: Path) -> Mapping[str, Mapping[str, Entry]]:
    """The entries of all server kinds; raises BenchmarkError for what is no file of them."""
    import orjson

    try:
        document = orjson.loads(file.read_bytes())
    except OSError:
        raise BenchmarkError(
            f"There is no baseline {file}; store today's plans with: "
            "python -m benchmarks check --update."
        ) from None
    except orjson.JSONDecodeError as error:
        raise BenchmarkError(f"{file} is not JSON: {error}.") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise BenchmarkError(f"{file} has format {found}, not {FORMAT}.")
    try:
        return {
            key: {name: Entry(**raw) for name, raw in entries.items()}
            for key, entries in document["servers"].items()
        }
    except (AttributeError, LookupError, TypeError) as error:
        raise BenchmarkError(f"{file} holds no whole plans ({error}).") from error


def _changed(wanted: Entry, found: Entry) -> str:
    import difflib

    old = [line for plan in wanted.shape for line in plan]
    new = [line for plan in found.shape for line in plan]
    changes = [
        line
        for line in difflib.unified_diff(old, new, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    return "the plan has another shape:\n" + "\n".join(changes)
