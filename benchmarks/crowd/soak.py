"""Hours with a live market and many viewers: what is held, sample by sample, and what grows."""

import math
import time
from dataclasses import asdict, dataclass, fields
from typing import Any

from benchmarks.crowd.run import served
from benchmarks.crowd.watching import crowd
from benchmarks.errors import BenchmarkError
from benchmarks.feed.upkeep import children, process_descriptors, process_rss_mib, process_threads
from benchmarks.feed.viewer import signed_in
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.sizes import number
from benchmarks.timing.progress import steps

_VIEWERS_OF_A_SESSION = 16
_SAMPLES = 30
_SETTLE_SHARE = 3
_SNAPSHOT_S = 30
_CONNECTIONS = """
    SELECT count(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'oi-gemini%'
"""
_STORED = "SELECT count(*) FROM snapshots"


@dataclass(frozen=True, slots=True)
class Sample:
    """What web server, workers and collector hold, and all of them at the database."""

    minute: float
    rss_mib: float
    threads: int
    descriptors: int
    connections: int
    collector_rss_mib: float
    collector_threads: int
    collector_descriptors: int


def soak_on(
    server: BenchmarkServer,
    result: Result,
    *,
    viewers: int,
    minutes: float,
    workers: int,
    speed: float,
) -> None:
    """Watch for so long; fills `result` as `soak --help` says."""
    with (
        served(server, result, workers, **_pace(speed)) as (url, site, collector),
        session(url) as watching,
    ):
        cookies = [signed_in(site) for _ in range(-(-viewers // _VIEWERS_OF_A_SESSION))]
        samples: list[Sample] = []
        with (
            crowd(site, cookies, viewers, keeps=False) as crowded,
            steps("held by the web server", _SAMPLES) as advance,
        ):
            began = time.monotonic()
            for sample in range(1, _SAMPLES + 1):
                time.sleep(max(0.0, began + 60 * minutes * sample / _SAMPLES - time.monotonic()))
                passed_s = time.monotonic() - began
                samples.append(_sampled(site.process, collector, watching, passed_s))
                advance(f"{samples[-1].rss_mib:.0f} MiB")
        result.data |= {"viewers": viewers, "minutes": minutes, "workers": workers}
        result.data |= {"speed": speed, "snapshots": number(watching, _STORED)}
        result.data |= {"lost_viewers": crowded.came["lost"], "push_bytes": crowded.came["bytes"]}
        result.data |= summed_up(samples)


def _pace(speed: float) -> dict[str, str]:
    """The settings of a collector whose market does in a second what others do in `speed`."""
    return {
        "OI_LIVE_INTERVAL_S": str(1 / speed),
        "OI_SNAPSHOT_INTERVAL_S": str(math.ceil(_SNAPSHOT_S / speed)),
    }


def _sampled(process: int, collector: int, watching: Session, passed_s: float) -> Sample:
    family = [process, *children(process)]
    try:
        return Sample(
            minute=round(passed_s / 60, 2),
            rss_mib=round(sum(map(process_rss_mib, family)), 1),
            threads=sum(map(process_threads, family)),
            descriptors=sum(map(process_descriptors, family)),
            connections=number(watching, _CONNECTIONS),
            collector_rss_mib=process_rss_mib(collector),
            collector_threads=process_threads(collector),
            collector_descriptors=process_descriptors(collector),
        )
    except OSError:
        raise BenchmarkError("The web server, a worker of it or the collector ended.") from None


def summed_up(samples: list[Sample]) -> dict[str, Any]:
    """All samples, and how much more the last third of them holds than the middle one."""
    third = max(1, len(samples) // _SETTLE_SHARE)
    middle, last = samples[third : 2 * third] or samples, samples[-third:]

    def growth(name: str) -> float:
        mean = [
            sum(float(getattr(each, name)) for each in part) / len(part) for part in (middle, last)
        ]
        return round(mean[1] - mean[0], 1)

    return {
        "samples": [asdict(each) for each in samples],
        **{_grown(each.name): growth(each.name) for each in fields(Sample)[1:]},
    }


def _grown(name: str) -> str:
    """The key of what grew: its unit stays last."""
    of, unit = (name.removesuffix("_mib"), "_mib") if name.endswith("_mib") else (name, "")
    return f"{of}_growth{unit}"
