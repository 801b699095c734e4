"""All parts of the suite in one run, each as its own result."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import click

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.parts import cold
from benchmarks.report import results
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer

Part = Callable[[Result], None]

_SMALL_DAYS = 2
_ARCHIVE_DAYS = 32
_USERS = (10, 50, 100)
_WORKERS = (1, 2, 4)
_LOAD_S, _OBJECTIVE_MS = 5, 100.0
_FEED_S = 20
_SIGNAL_DAYS, _SIGNAL_ROUNDS, _SIGNAL_REQUESTS = 14, 3, 100
_VISITS, _KILLS, _WALK_ROUNDS = 2, 3, 2
# few strikes and many days: it is chunks that a growing history adds
_SCALE_STRIKES = 5
_WALK_STRIKES = 11
_SCALE_ROWS = (300_000, 900_000, 3_000_000)


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
    result.data |= {"parts": [], "skipped": {}, "failed": {}}
    parts = _parts(servers, spec, result)
    unknown = [name for name in only if name not in parts]
    if unknown:
        # nothing began, so that nothing is to be kept
        result.data.clear()
        raise BenchmarkError(
            f"There is no part {', '.join(unknown)}; known are {', '.join(parts)}."
        )
    wanted = {name: part for name, part in parts.items() if not only or name in only}
    started = time.perf_counter()
    for position, (name, (arguments, part)) in enumerate(wanted.items(), 1):
        elapsed_s = time.perf_counter() - started
        click.echo(f"[{elapsed_s:4.0f} s] {position}/{len(wanted)} {name} …", err=True)
        at = _urls(servers if name == "peers" else servers[:1])
        piece = results.start(name, f"python -m benchmarks {name} {arguments}{at}")
        try:
            part(piece)
        except BenchmarkError as error:
            result.data["skipped"][name] = str(error)
            click.echo(f"{name}: {error}", err=True)
            continue
        except Exception as error:  # whatever it is, the other parts run and the report names it
            result.data["failed"][name] = f"{type(error).__name__}: {error}"
            click.echo(f"{name}: {error}", err=True)
            continue
        result.data["parts"].append(results.finish(piece).document())


def _parts(
    servers: Sequence[BenchmarkServer], spec: DatasetSpec, result: Result
) -> Mapping[str, tuple[str, Part]]:
    """Name, arguments that repeat it, and what runs it; the heavy modules load with the part."""
    small = replace(spec, days=min(spec.days, _SMALL_DAYS))
    return {
        **_reads(servers, spec, small, result),
        **_upkeep(servers[0], spec, small),
        **_web(servers[0], small),
    }


def _reads(
    servers: Sequence[BenchmarkServer], spec: DatasetSpec, small: DatasetSpec, result: Result
) -> Mapping[str, tuple[str, Part]]:
    from benchmarks.parts import before_after, scale, walk
    from benchmarks.peers import contest

    first = servers[0]
    narrow = replace(spec, strikes=_SCALE_STRIKES)
    one_day = replace(spec, days=1, strikes=min(spec.strikes or _WALK_STRIKES, _WALK_STRIKES))
    cold_rounds = _cold_rounds(first, result)
    cold = f" --cold --cold-rounds {cold_rounds}" if cold_rounds else ""
    return {
        "run": (
            f"{_size(spec)}{cold}",
            lambda r: before_after.compare_on(first, spec, r, cold_rounds=cold_rounds),
        ),
        "peers": (_size(small), lambda r: contest.peers_on(servers, small, r)),
        "walk": (
            f"{_size(one_day)} --rounds {_WALK_ROUNDS}",
            lambda r: walk.walk_on(first, one_day, r, rounds=_WALK_ROUNDS),
        ),
        "scale": (
            f"--strikes {_SCALE_STRIKES} {_repeated('rows', _SCALE_ROWS)}",
            lambda r: scale.scale_on(first, narrow, r, sizes=_SCALE_ROWS),
        ),
    }


def _upkeep(
    first: BenchmarkServer, spec: DatasetSpec, small: DatasetSpec
) -> Mapping[str, tuple[str, Part]]:
    from benchmarks.feed import steady
    from benchmarks.parts import archive, convert, ingest, retention

    # an archive wants days older than 30; few strikes keep it quick
    old = replace(spec, days=max(spec.days, _ARCHIVE_DAYS), strikes=_SCALE_STRIKES)
    return {
        "ingest": (_size(small), lambda r: ingest.ingest_on(first, small, r, snapshots=30)),
        "feed": (f"--seconds {_FEED_S}", lambda r: steady.feed_on(first, r, seconds=_FEED_S)),
        "retention": (_size(spec), lambda r: retention.retention_on(first, spec, r)),
        "convert": (
            f"{_size(small)} --kills {_KILLS}",
            lambda r: convert.convert_on(first, small, r, kills=_KILLS),
        ),
        "archive": (_size(old), lambda r: archive.archive_on(first, old, r)),
    }


def _web(first: BenchmarkServer, small: DatasetSpec) -> Mapping[str, tuple[str, Part]]:
    from benchmarks.signals import beside
    from benchmarks.web import load, pages

    climb = f"{_repeated('workers', _WORKERS)} {_repeated('users', _USERS)} --seconds {_LOAD_S}"
    return {
        "pages": (
            f"{_size(small)} --repeats {_VISITS}",
            lambda r: pages.pages_on(first, small, r, repeats=_VISITS),
        ),
        "signals": (
            f"--end {small.end} --rounds {_SIGNAL_ROUNDS}",
            lambda r: beside.signals_on(
                first,
                r,
                days=_SIGNAL_DAYS,
                end=small.end,
                rounds=_SIGNAL_ROUNDS,
                requests=_SIGNAL_REQUESTS,
            ),
        ),
        "load": (
            f"{_size(small)} {climb} --objective-ms {_OBJECTIVE_MS:g}",
            lambda r: load.load_on(
                first,
                small,
                r,
                users=_USERS,
                workers=_WORKERS,
                seconds=_LOAD_S,
                objective_ms=_OBJECTIVE_MS,
            ),
        ),
    }


def _repeated(option: str, values: Sequence[int]) -> str:
    return " ".join(f"--{option} {value}" for value in values)


def _cold_rounds(server: BenchmarkServer, result: Result) -> int:
    """1 where the server may be restarted; else 0, and the result says why."""
    try:
        cold.restartable(server)
    except BenchmarkError as error:
        result.data["skipped"]["run --cold"] = str(error)
        return 0
    return 1


def _urls(servers: Sequence[BenchmarkServer]) -> str:
    """The options that name the servers; none for the local one. Passwords are left out."""
    shown = [s.admin_url.set(drivername="postgresql") for s in servers if s.local is None]
    return "".join(f" --url {url.render_as_string(hide_password=True)}" for url in shown)


def _size(spec: DatasetSpec) -> str:
    return (
        f"--days {spec.days} --strikes {spec.strikes} --cadence {spec.cadence_s} --end {spec.end}"
    )
