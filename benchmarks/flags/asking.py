"""The application in this process with and without an optimization, asked the same in turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from benchmarks.dataset.spec import DatasetSpec, hours
from benchmarks.errors import BenchmarkError
from benchmarks.timing.runner import Plan, interleave
from benchmarks.timing.statistics import ratio_interval, summarize
from benchmarks.web.within import built, client_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

_REQUESTS = 8
_STEP = timedelta(minutes=7)


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked; `always_without` keeps another optimization from hiding the difference."""

    flag: str
    title: str
    path: Callable[[DatasetSpec, int], str]
    always_without: tuple[str, ...] = ()


def _moment(spec: DatasetSpec, number: int) -> datetime:
    return hours(spec.trading_days[-1])[0] + (number + 1) * _STEP


def _same(path: str) -> Callable[[DatasetSpec, int], str]:
    return lambda spec, number: path


_KEPT = ("cache",)
_STRIKE = 25_000
PROBES: Sequence[Probe] = (
    Probe("live-edge", "newest chain", _same("/api/state/NSE")),
    Probe("live-edge", "newest chain, for programs", _same("/api/data/NSE")),
    Probe("rollups", "PCR by minute, newest day", _same("/api/series/NSE/day"), _KEPT),
    Probe("rollups", "PCR by day, 60 days", _same("/api/series/NSE/days"), _KEPT),
    Probe("rollups", "OI by strike and time", _same("/api/series/NSE/heat"), _KEPT),
    Probe("cache", "chain as of a moment", lambda s, n: f"/api/as-of/NSE?at={_moment(s, n):%FT%T}"),
    Probe("cache", "a day's series", _same("/api/series/NSE/day")),
    Probe("cache", "a straddle's day", _same(f"/api/series/NSE/straddle?strikes={_STRIKE}")),
)


def probed(url: URL, spec: DatasetSpec, home: Path, rounds: int) -> Iterator[Mapping[str, object]]:
    """Each probe's times in ms and how many times longer it takes without."""
    with ExitStack() as stack:
        clients: dict[tuple[str, ...], FlaskClient] = {}

        def client(without: tuple[str, ...]) -> "FlaskClient":
            if without not in clients:
                clients[without] = stack.enter_context(_client(url, home, without))
            return clients[without]

        for probe in PROBES:
            sides = {
                "with": client(probe.always_without),
                "without": client((*probe.always_without, probe.flag)),
            }
            yield _compared(probe, spec, sides, rounds)


def _compared(
    probe: Probe, spec: DatasetSpec, sides: "Mapping[str, FlaskClient]", rounds: int
) -> Mapping[str, object]:
    tasks = {name: _asking(client, probe, spec) for name, client in sides.items()}
    found = interleave(tasks, Plan(_REQUESTS, rounds=rounds))
    times = {name: samples.rounds for name, samples in found.items()}
    with_, without = (summarize(times[name]).p50_ms for name in ("with", "without"))
    low, high = ratio_interval(times["without"], times["with"], seed=1)
    return {
        "flag": probe.flag,
        "title": probe.title,
        "with_ms": with_,
        "without_ms": without,
        "ratio": without / with_,
        "low": low,
        "high": high,
    }


def _asking(client: "FlaskClient", probe: Probe, spec: DatasetSpec) -> Callable[[int], object]:
    # a newest chain that is kept, as while the database is followed, would hide the live edge
    client.application.extensions["oi"].states.followed = probe.flag != "live-edge"

    def ask(number: int) -> object:
        path = probe.path(spec, number)
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        if answer.status_code != 200:
            raise BenchmarkError(f"{path} answered {answer.status_code}.")
        return answer.data

    return ask


@contextmanager
def _client(url: URL, home: Path, without: tuple[str, ...]) -> "Iterator[FlaskClient]":
    with built(url, home, without) as (app, password):
        # nothing here announces anything: what is to be kept of the newest chain, a probe says
        app.extensions["oi"].live.close()
        yield client_of(app, password)
