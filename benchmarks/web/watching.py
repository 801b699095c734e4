"""A dashboard left open: how fast it reacts, how busy its main thread is, and what it keeps."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.web.serving import Site
from benchmarks.web.signing_in import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

_VITALS = Path(__file__).with_name("vitals.js")
_SELF_FED = Path(__file__).with_name("self_fed.js")
_FRESH = 'body[data-health="live"]'
_SETTLE_MS = 3000
_WATCHED_S = 20.0
_PAUSE_MS = 150
# events shorter than this are not told by the browser
_SHORTEST_MS = 16.0
_PERCENTILE = 0.98
_TOLD = 5
_HOUR_S = 3600
# a trading day of the options market
_DAY_H = 6.5
_UPDATES = 1200
# of the chain that the page was given: far rows show none of their contracts
_CONTRACTS = "JSON.parse(document.getElementById('first').textContent).count"
# tabs there and back, units, rows, lots, IV, the sheet, moves through the table
_KEYS = (
    *("2", "1", "a", "a", "l", "l", "i", "i", "c", "?", "Escape"),
    *("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "End", "Home"),
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A chain of `contracts` that a collector renews each second; `busy` is a share of one core.

    `inp_ms` is the 98th percentile over `interactions`, rounded up to 8 ms as browsers tell it;
    `slowest` are the longest of them, each with what it was and how long it waited, was worked at
    and took to be painted. `shifted` names what moved without being asked to.
    """

    contracts: int
    updates: int
    busy: float
    interactions: int
    inp_ms: float
    slowest: list[dict[str, Any]]
    cls: float
    shifted: list[str]


@dataclass(frozen=True, slots=True)
class Aged:
    """A page that took `updates` at once, of which a live chain brings one a second.

    Bytes of the script's heap after a collection; hour and day are extrapolated.
    """

    updates: int
    heap_bytes: int
    growth_bytes_per_hour: float
    growth_bytes_per_day: float


def watched_live(browser: "Browser", site: Site) -> Watched:
    """Watch a live chain, first with hands off, then at work."""
    with signed_in(browser, site) as context:
        context.add_init_script(path=_VITALS)
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        page.goto(site.url)
        # a market that has just begun brings another chain than the one that was stored last
        page.wait_for_selector(_FRESH)
        page.reload()
        page.wait_for_selector(_FRESH)
        page.wait_for_timeout(_SETTLE_MS)
        before, busy = _sequence(page), _busy(devtools, page)
        updates = _sequence(page) - before
        reactions, count = _reactions(page)
        return Watched(
            contracts=page.evaluate(_CONTRACTS),
            updates=updates,
            busy=busy,
            interactions=count,
            inp_ms=slowest([told["ms"] for told in reactions], count),
            slowest=sorted(reactions, key=lambda told: -told["ms"])[:_TOLD],
            cls=page.evaluate("window.vitals.cls"),
            shifted=page.evaluate("window.vitals.shifts"),
        )


def aged(browser: "Browser", site: Site) -> Aged:
    """Feed a page updates as fast as it draws them, and see what stays."""
    with signed_in(browser, site, calm=True) as context:
        context.add_init_script(path=_SELF_FED)
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        page.goto(site.url)
        page.wait_for_function("window.feed !== undefined")
        # the first updates fill what is bounded
        page.evaluate("window.feed(300)")
        before = _heap_bytes(devtools)
        page.evaluate(f"window.feed({_UPDATES})")
        grown = _heap_bytes(devtools) - before
        hourly = grown * _HOUR_S / _UPDATES
        return Aged(_UPDATES, before, hourly, hourly * _DAY_H)


def slowest(reactions: Sequence[float], count: int) -> float:
    """The 98th percentile of `count` interactions, of which only the longer ones were told."""
    told = sorted(reactions)[-count:]
    durations = [_SHORTEST_MS] * (count - len(told)) + told
    return durations[max(0, ceil(_PERCENTILE * len(durations)) - 1)]


def _sequence(page: "Page") -> int:
    text = page.locator('[data-fact="sequence"]').inner_text()
    return int(text.replace(",", ""))


def _busy(devtools: "CDPSession", page: "Page") -> float:
    """The share of a core that the page's main thread takes: its own time, not that of the wall."""
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    started, before = time.monotonic(), _metric(devtools, "TaskDuration")
    page.wait_for_timeout(_WATCHED_S * 1000)
    taken = _metric(devtools, "TaskDuration") - before
    return taken / (time.monotonic() - started)


def _reactions(page: "Page") -> tuple[list[dict[str, Any]], int]:
    """The interactions that took so long that the browser tells them, and how many there were."""
    page.evaluate("window.vitals.interactions.clear()")
    count = 0
    for _ in range(3):
        for key in _KEYS:
            page.keyboard.press(key)
            count += 1
            page.wait_for_timeout(_PAUSE_MS)
        page.locator("#rows tr.atm td.ce.oi").click()
        page.locator("#theme").click()
        count += 2
        page.wait_for_timeout(_PAUSE_MS)
    page.wait_for_timeout(500)
    return list(page.evaluate("[...window.vitals.interactions.values()]")), count


def _metric(devtools: "CDPSession", name: str) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == name))


def _heap_bytes(devtools: "CDPSession") -> int:
    devtools.send("Performance.enable")
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    return int(_metric(devtools, "JSHeapUsedSize"))
