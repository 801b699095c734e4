"""All parts of the suite in one run, each as its own result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import click

from benchmarks import results
from benchmarks.databases import BenchmarkServer
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.results import Result
from db.errors import OIError
from db.timescale.errors import TimescaleError

Part = Callable[[Result], None]

_SMALL_DAYS = 3
_ARCHIVE_DAYS = 32
_USERS = (10, 50, 100)


def run_all(
    servers: Sequence[BenchmarkServer],
    spec: DatasetSpec,
    result: Result,
    *,
    only: Sequence[str] = (),
) -> None:
    """Run the parts in order; fills `result` as `all --help` says.

    One that cannot run here (no Chromium, say) is skipped with its reason; one that fails does not
    keep the others from running.
    """
    parts = _parts(servers, spec)
    unknown = [name for name in only if name not in parts]
    if unknown:
        raise BenchmarkError(
            f"There is no part {', '.join(unknown)}; known are {', '.join(parts)}."
        )
    result.data |= {"parts": [], "skipped": {}, "failed": {}}
    for name, (arguments, part) in parts.items():
        if only and name not in only:
            continue
        click.echo(f"{name} …", err=True)
        piece = results.start(name, f"python -m benchmarks {name} {arguments}".strip())
        try:
            part(piece)
        except (OIError, TimescaleError) as error:
            kind = "skipped" if isinstance(error, BenchmarkError) else "failed"
            result.data[kind][name] = str(error)
            click.echo(f"{name}: {error}", err=True)
            continue
        result.data["parts"].append(results.finish(piece).document())


def _parts(servers: Sequence[BenchmarkServer], spec: DatasetSpec) -> Mapping[str, tuple[str, Part]]:
    """Name, arguments that repeat it, and what runs it; the heavy modules load with the part."""
    from benchmarks import archiving, before_after, converting, ingest, retention, scale, walk
    from benchmarks.peers import contest
    from benchmarks.web import load, pages

    first = servers[0]
    small = replace(spec, days=min(spec.days, _SMALL_DAYS))
    # an archive wants days older than 30; few strikes keep it quick
    old = replace(spec, days=max(spec.days, _ARCHIVE_DAYS), strikes=11)
    sizes = [round(spec.rows / 10), spec.rows]
    return {
        "run": (_size(spec), lambda r: before_after.compare_on(first, spec, r)),
        "peers": (_size(small), lambda r: contest.peers_on(servers, small, r)),
        "walk": (_size(small), lambda r: walk.walk_on(first, small, r)),
        "scale": (
            " ".join(f"--rows {rows}" for rows in sizes),
            lambda r: scale.scale_on(first, spec, r, sizes=sizes),
        ),
        "ingest": (_size(small), lambda r: ingest.ingest_on(first, small, r, snapshots=30)),
        "retention": (_size(spec), lambda r: retention.retention_on(first, spec, r)),
        "convert": (
            f"{_size(small)} --kills 3",
            lambda r: converting.convert_on(first, small, r, kills=3),
        ),
        "archive": (_size(old), lambda r: archiving.archive_on(first, old, r)),
        "pages": (_size(small), lambda r: pages.pages_on(first, small, r, repeats=2)),
        "load": (
            f"{_size(small)} --seconds 10 --workers 1 --workers 2 "
            + " ".join(f"--users {users}" for users in _USERS),
            lambda r: load.load_on(
                first,
                small,
                r,
                users=_USERS,
                workers=(1, 2),
                seconds=10,
                objective_ms=100.0,
            ),
        ),
    }


def _size(spec: DatasetSpec) -> str:
    return (
        f"--days {spec.days} --strikes {spec.strikes} --cadence {spec.cadence_s} --end {spec.end}"
    )
