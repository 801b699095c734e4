"""How old the chain is that a page shows, pushed or polled, and how soon a server has its first."""

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import URL

from benchmarks.feed.viewer import signed_in, state, viewing
from benchmarks.web.serving import Site, collecting, serving
from db.settings import Settings

_EXCHANGE = "NSE"
_SETTLED_S = 4.0

Shown = Sequence[tuple[float, float]]
"""When something came to be shown, and of when it was: seconds of one clock, ascending."""


def mean_age_s(shown: Shown, until: float) -> float:
    """The mean age of what is shown from the first moment to the last; raises ValueError if none.

    Between two arrivals what is shown grows old.
    """
    if not shown:
        raise ValueError("nothing was shown")
    ends = [*(arrived for arrived, _ in shown[1:]), until]
    area = 0.0
    for (arrived, made), end in zip(shown, ends, strict=True):
        area += (end - arrived) * ((arrived + end) / 2 - made)
    return area / (until - shown[0][0])


def watched(url: URL, seconds: float) -> Mapping[str, object]:
    """The mean age of a chain on a page that is pushed, and on one that polls as pages do."""
    poll_s = Settings().ui_refresh_s
    with collecting(url), serving(url) as site:
        cookie = signed_in(site)
        time.sleep(_SETTLED_S)
        pushed = _pushed(site, cookie, seconds)
        polled = _polled(site, cookie, seconds, poll_s)
    return {
        "flag": "push",
        "title": f"mean age of the chain on a page (without: polled each {poll_s} s)",
        "with_ms": pushed * 1000,
        "without_ms": polled * 1000,
        "ratio": polled / pushed,
        "low": None,
        "high": None,
    }


def _pushed(site: Site, cookie: str, seconds: float) -> float:
    began = time.time() - time.perf_counter()
    with viewing(site, cookie) as viewer:
        time.sleep(seconds)
        until = time.time()
    shown = [
        (arrived + began, made.timestamp())
        for (exchange, made), arrived in viewer.seen.items()
        if exchange == _EXCHANGE
    ]
    return mean_age_s(sorted(shown), until)


def _polled(site: Site, cookie: str, seconds: float, poll_s: float) -> float:
    began = time.time() - time.perf_counter()
    shown: list[tuple[float, float]] = []
    end = time.time() + max(seconds, 2 * poll_s)
    while time.time() < end:
        found = state(site, cookie, _EXCHANGE)
        if found.key is not None:
            shown.append((found.answered + began, found.key[1].timestamp()))
        time.sleep(poll_s)
    return mean_age_s(shown, time.time())


def started(url: URL, repeats: int) -> Mapping[str, object]:
    """From the start of the process to its first login page, by which all may be ready or not."""
    times: dict[str, list[float]] = {"": [], "background-start": []}
    for _ in range(repeats):
        for without, found in times.items():
            with serving(url, more={"OI_WITHOUT": without}) as site:
                found.append(site.start_ms)
    with_, without_ = (sorted(found)[len(found) // 2] for found in times.values())
    return {
        "flag": "background-start",
        "title": "process start to the first login page",
        "with_ms": with_,
        "without_ms": without_,
        "ratio": without_ / with_,
        "low": None,
        "high": None,
    }
