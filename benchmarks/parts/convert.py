"""A live database up to head, down to the legacy tables and up again, killed all along."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import URL

from benchmarks.dataset.filled import BASELINE, described, legacy_database, settle
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.parts.kills import drawn
from benchmarks.parts.migrating import Run, Stretch, Verb, migrate
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import wal_position
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import summarize
from benchmarks.traffic.flow import Timed, Traffic, flowing, histogram, longest_ms
from benchmarks.traffic.kept import Kept, kept
from benchmarks.traffic.waits import Waits, longest, watched

CONVERSION = "0004_chain_hypertable"
FINISH = "finish"
"""The name under which dropping the replaced tables stands among the revisions."""
_WAYS: tuple[Verb, ...] = ("upgrade", "downgrade", "upgrade")
_EXTRA_ROUNDS = 3
_LISTED = 20
_ALONE_S, _ALONE_ROWS_PER_S = 30.0, 500_000


@dataclass(frozen=True, slots=True)
class _Way:
    """One way as it was gone: Unix times in s, and what was counted after it."""

    run: Run
    started: float
    ended: float
    kept: Kept


def convert_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    kills: int,
    finish: bool = True,
) -> None:
    """Up, down and up with `kills` in all; fills `result` as `convert --help` says.

    `finish` drops the replaced tables before each way down, which then copies every row.
    """
    with legacy_database(server, spec) as (url, loaded), session(url) as watching:
        # a database in use was not loaded a moment ago
        settle(url, spec)
        result.servers.append(asdict(server_facts(watching)))
        result.data |= {"dataset": described(spec, loaded)}
        with flowing(url, spec.last_instant) as traffic, watched(url) as waits:
            seen = _Seen(spec, traffic, waits)
            result.data |= {"alone": seen.alone(min(_ALONE_S, spec.rows / _ALONE_ROWS_PER_S))}
            journey = _Journey(url, spec, traffic, kills, finish)
            ways = list(journey.ways())
            result.data |= summary([seen.way(way) for way in ways], kills)
            stretch = (ways[0].started, ways[-1].ended)
            result.data |= {
                "slowest": [one.as_row() for one in waits.between(*stretch)[:_LISTED]],
                "lock_waits": [one.as_row() for one in waits.for_locks(*stretch)[:_LISTED]],
            }


class _Journey:
    """Goes the ways, with the kills spread over them by chance."""

    def __init__(
        self, url: URL, spec: DatasetSpec, traffic: Traffic, kills: int, finish: bool
    ) -> None:
        self._url, self._spec, self._traffic, self._finish = url, spec, traffic, finish
        self._left = kills
        self._chance = random.Random(spec.seed)  # noqa: S311 - moments to kill at, no secrets
        self._rows_per_s: float | None = None

    def ways(self) -> Iterator[_Way]:
        """The three ways, and more of them while kills are left."""
        with steps("converting", len(_WAYS)) as advance:
            for number, verb in enumerate(_WAYS):
                yield self._go(verb, ahead=_WAYS[number:])
                advance(verb)
        for _ in range(_EXTRA_ROUNDS):
            for verb in _WAYS[1:] if self._left else ():
                yield self._go(verb, ahead=(verb,))

    def _go(self, verb: Verb, ahead: Sequence[Verb]) -> _Way:
        from db import migrate as migrations

        order = list(migrations.revisions())[1:]
        ways = [(way, order if way == "upgrade" else order[::-1]) for way in ahead]
        moments = drawn(
            self._chance, ways, self._left, self._spec.rows, self._rows_per_s, self._finish
        )
        run = Run(verb, "head" if verb == "upgrade" else BASELINE)
        started = time.time()
        with session(self._url) as noting:
            if verb == "downgrade" and self._finish:
                run.stretches.append(self._finished(lambda: wal_position(noting)))
            migrate(self._url, run, ways[0][1], moments, lambda: wal_position(noting))
            ended = time.time()
            self._left -= run.kills_survived
            self._rows_per_s = self._spec.rows / max(run.spent_s(CONVERSION), 0.1)
            return _Way(run, started, ended, kept(noting, self._spec, self._traffic))

    def _finished(self, wal: Any) -> Stretch:
        from db import convert

        stretch = Stretch(FINISH, time.time(), wal())
        for report in convert.report(self._url):
            if report.phase == convert.Phase.SWAPPED:
                convert.finish(self._url, report.table)
        stretch.ended, stretch.wal_ended = time.time(), wal()
        return stretch


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the traffic and the watch of its locks saw, asked for a way or a revision."""

    spec: DatasetSpec
    traffic: Traffic
    waits: Waits

    def alone(self, duration_s: float) -> dict[str, Any]:
        """What the traffic meets while nothing else is done, for a while from now on."""
        since = time.time()
        time.sleep(duration_s)
        until = time.time()
        statements = [*self.traffic.writes(since, until), *self.traffic.reads(since, until)]
        return {
            "duration_s": round(until - since, 2),
            "longest_block_ms": longest_ms(statements),
            "longest_elsewhere_ms": longest_ms(self.traffic.nothings(since, until)),
            "histogram_ms": histogram(statements),
        }

    def way(self, way: _Way) -> dict[str, Any]:
        """One way as it stands in a result."""
        run, rows = way.run, self.spec.rows
        writes = self.traffic.writes(way.started, way.ended)
        reads = self.traffic.reads(way.started, way.ended)
        failures = self.traffic.failures(way.started, way.ended)
        wal = sum(one.wal_ended - one.wal_started for one in run.stretches)
        return {
            "way": run.verb,
            "target": run.target,
            "rows": rows,
            "rows_per_s": round(rows / max(run.spent_s(CONVERSION), 0.001)),
            "duration_s": round(way.ended - way.started, 2),
            "working_s": round(sum(one.duration_s for one in run.stretches), 2),
            "longest_block_ms": longest_ms([*writes, *reads]),
            "longest_elsewhere_ms": longest_ms(self.traffic.nothings(way.started, way.ended)),
            **longest(self.waits.for_locks(way.started, way.ended)),
            "writes": _summary(writes),
            "reads": _summary(reads),
            "histogram_ms": histogram([*writes, *reads]),
            "writes_histogram_ms": histogram(writes),
            "reads_histogram_ms": histogram(reads),
            "statements_failed": len(failures),
            "failures": sorted(set(failures))[:_LISTED],
            "kills_survived": run.kills_survived,
            "starts": run.starts,
            "stops": run.stops,
            "wal_bytes_per_row": wal / rows,
            **asdict(way.kept),
            "revisions": list(self._revisions(way)),
        }

    def _revisions(self, way: _Way) -> Iterator[dict[str, Any]]:
        """Each revision: from its first start to the start of the next, restarts included."""
        stretches = way.run.stretches
        names = list(dict.fromkeys(one.revision for one in stretches))
        starts = [next(s.started for s in stretches if s.revision == name) for name in names]
        for name, since, until in zip(names, starts, [*starts[1:], way.ended], strict=True):
            own = [one for one in stretches if one.revision == name]
            yield {
                "revision": name,
                "started_s": round(since - way.started, 2),
                "duration_s": round(until - since, 3),
                "working_s": round(sum(one.duration_s for one in own), 3),
                "kills": sum(one.was_killed for one in own),
                "longest_write_ms": longest_ms(self.traffic.writes(since, until)),
                "longest_read_ms": longest_ms(self.traffic.reads(since, until)),
                "longest_elsewhere_ms": longest_ms(self.traffic.nothings(since, until)),
                **longest(self.waits.for_locks(since, until)),
                "wal_bytes": sum(one.wal_ended - one.wal_started for one in own),
            }


def summary(ways: Sequence[Mapping[str, Any]], kills: int) -> dict[str, Any]:
    """The keys of the whole: worst blocks and losses of all ways, speed of the first."""
    first, down = ways[0], ways[1]
    return {
        "rows": first["rows"],
        "rows_per_s": first["rows_per_s"],
        "wal_bytes_per_row": _conversion(first)["wal_bytes"] / first["rows"],
        "duration_s": round(sum(way["duration_s"] for way in ways), 2),
        "longest_block_ms": max(way["longest_block_ms"] for way in ways),
        "longest_elsewhere_ms": max(way["longest_elsewhere_ms"] or 0.0 for way in ways),
        "kills": kills,
        "kills_survived": sum(way["kills_survived"] for way in ways),
        "rows_lost": max((way["rows_lost"] for way in ways), key=abs),
        "rows_doubled": max(way["rows_doubled"] for way in ways),
        "statements_failed": sum(way["statements_failed"] for way in ways),
        "histogram_ms": _added([way["histogram_ms"] for way in ways]),
        "downgrade": {key: value for key, value in down.items() if key != "revisions"},
        "ways": list(ways),
    }


def _conversion(way: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(r for r in way["revisions"] if r["revision"] == CONVERSION)
    return found


def _added(histograms: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {border: sum(one[border] for one in histograms) for border in histograms[0]}


def _summary(statements: Sequence[Timed]) -> dict[str, Any]:
    return asdict(summarize([[one.duration_ms for one in statements]]))
