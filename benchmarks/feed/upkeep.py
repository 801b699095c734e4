"""What a process holds: memory, threads, open descriptors; and the processor time it has had."""

import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Held:
    """This process and the web server's at a moment of the market, HH:MM."""

    at: str
    rss_mib: float
    threads: int
    descriptors: int
    web_rss_mib: float
    web_threads: int
    web_descriptors: int


def threads_and_descriptors() -> tuple[int, int]:
    """Of this process."""
    return threading.active_count(), process_descriptors(os.getpid())


def held(at: str, web: int) -> Held:
    """What is held now; `web` is the number of the web server's first process."""
    family = [web, *children(web)]
    threads, descriptors = threads_and_descriptors()
    return Held(
        at=at,
        rss_mib=process_rss_mib(os.getpid()),
        threads=threads,
        descriptors=descriptors,
        web_rss_mib=sum(map(process_rss_mib, family)),
        web_threads=sum(map(process_threads, family)),
        web_descriptors=sum(map(process_descriptors, family)),
    )


def summed_up(samples: Sequence[Held]) -> dict[str, Any]:
    """All samples, and by how much memory grew from the second third of them to the last."""
    third = max(1, len(samples) // 3)
    middle, last = samples[third : 2 * third] or samples, samples[-third:]
    grown = {
        name: round(
            median(getattr(each, name) for each in last)
            - median(getattr(each, name) for each in middle),
            1,
        )
        for name in ("rss_mib", "web_rss_mib")
    }
    return {
        "held": [asdict(each) for each in samples],
        "rss_growth_mib": grown["rss_mib"],
        "web_rss_growth_mib": grown["web_rss_mib"],
    }


def children(process: int) -> list[int]:
    """The processes that a process started; none of one that is gone."""
    path = Path(f"/proc/{process}/task/{process}/children")
    try:
        return [int(word) for word in path.read_text(encoding="ascii").split()]
    except OSError:
        return []


def process_rss_mib(process: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MIB, 1)


def process_cpu_s(process: int) -> float:
    """Processor time that a process has had."""
    # behind its name, which may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process_threads(process: int) -> int:
    """How many threads it has."""
    return len(os.listdir(f"/proc/{process}/task"))


def process_descriptors(process: int) -> int:
    """How many descriptors it holds open."""
    return len(os.listdir(f"/proc/{process}/fd"))
