"""What a trader's browser experiences: Core Web Vitals, bytes and requests of each page."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.dataset.filled import described, migrated_database
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import percentile
from benchmarks.web.browser import chromium
from benchmarks.web.serving import Site, collecting, serving
from benchmarks.web.signing_in import arrived, signed_in
from benchmarks.web.stepping import past_steps
from benchmarks.web.watching import aged, watched_live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_VITALS = Path(__file__).with_name("vitals.js")
_PATIENCE_MS = 60_000
# of a page that is there so soon, one visit says little
_LOGINS = 3
# what was there when the page marked itself usable; a login page is when it is loaded
_UNTIL_USABLE = """
(() => {
  const usable = performance.getEntriesByName("usable")[0]?.startTime ?? Infinity;
  return ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
    .filter(({ responseEnd }) => responseEnd <= usable)
    .reduce((sum, { transferSize }) => sum + transferSize, 0);
})()
"""
# its script has taken over: what the server painted is there before
_USABLE = "body.dashboard:not([data-unready]):has(#tab-charts) #rows tr[data-strike]"
# Chrome's own "Fast 4G": 9 Mbit/s down, 1.5 up, 60 ms
_4G = {
    "offline": False,
    "latency": 60,
    "downloadThroughput": 9_000_000 / 8,
    "uploadThroughput": 1_500_000 / 8,
}
NETWORKS: Mapping[str, Mapping[str, Any] | None] = {"local": None, "4G": _4G}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a page; times in ms from navigation, `bytes` as they came over the wire.

    `usable_bytes` are those of the requests that had ended when the page marked itself usable.
    """

    page: str
    network: str
    cache: str
    usable_ms: float
    lcp_ms: float
    inp_ms: float | None
    cls: float
    bytes: int
    requests: int
    usable_bytes: int


def pages_on(server: BenchmarkServer, spec: DatasetSpec, result: Result, *, repeats: int) -> None:
    """Visit login page and dashboard; fills `result` as `pages --help` says."""
    with (
        migrated_database(server, spec) as url,
        session(url) as facts,
        serving(url) as site,
        chromium() as browser,
        steps("visiting pages", len(NETWORKS) * repeats) as advance,
    ):
        result.servers.append(asdict(server_facts(facts)))
        visits: list[Visit] = []
        for network in NETWORKS:
            for _ in range(repeats):
                for _ in range(_LOGINS):
                    visits += _login(browser, site, network)
                visits += _dashboard(browser, site, network)
                advance()
        arrivals = [arrived(browser, site) for _ in range(repeats)]
        past = past_steps(browser, site, spec)
        with collecting(url):
            watched = watched_live(browser, site)
        result.data |= {
            "dataset": described(spec),
            "browser": browser.version,
            "server_start_ms": site.start_ms,
            "pages": summarized(visits),
            "sign_in": {name: median(one[name] for one in arrivals) for name in arrivals[0]},
            "past": {age: asdict(found) for age, found in past.items()},
            "live": asdict(watched),
            "aged": asdict(aged(browser, site)),
        }


def summarized(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Medians over the visits of each page, network and cache state; of LCP quartiles too."""
    groups: dict[tuple[str, str, str], list[Visit]] = {}
    for visit in visits:
        groups.setdefault((visit.page, visit.network, visit.cache), []).append(visit)
    return [
        {"page": page, "network": network, "cache": cache, "visits": len(group)}
        | {name: _middle(group, name) for name in _FIGURES}
        | {"lcp_quartiles_ms": _quartiles([visit.lcp_ms for visit in group])}
        for (page, network, cache), group in groups.items()
    ]


_FIGURES = ("usable_ms", "lcp_ms", "inp_ms", "cls", "bytes", "requests", "usable_bytes")


def _quartiles(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [percentile(ordered, 0.25), percentile(ordered, 0.75)]


def _middle(group: Sequence[Visit], name: str) -> float | None:
    values = [value for visit in group if (value := getattr(visit, name)) is not None]
    return median(values) if values else None


def _login(browser: "Browser", site: Site, network: str) -> Iterator[Visit]:
    """The login page with an empty cache, then again."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE_MS)
    context.add_init_script(path=_VITALS)
    yield _visit(context, network, "login", "cold", f"{site.url}/login", "form button")
    yield _visit(context, network, "login", "warm", f"{site.url}/login", "form button")
    context.close()


def _dashboard(browser: "Browser", site: Site, network: str) -> Iterator[Visit]:
    """In a context of its own, whose cache has seen nothing but knows the session."""
    with signed_in(browser, site) as entered:
        session = entered.storage_state()
    context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=session)
    context.set_default_timeout(_PATIENCE_MS)
    context.add_init_script(path=_VITALS)
    for cache in ("cold", "warm"):
        yield _visit(context, network, "dashboard", cache, f"{site.url}/", _USABLE)
    context.close()


def _visit(
    context: "BrowserContext", network: str, name: str, cache: str, url: str, usable: str
) -> Visit:
    page = context.new_page()
    wire = _watched(page, network)
    started = time.perf_counter_ns()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(usable)
    usable_ms = (time.perf_counter_ns() - started) / 1e6
    page.wait_for_load_state("load")
    _interact(page, name)
    vitals = page.evaluate("window.vitals")
    usable_bytes = page.evaluate(_UNTIL_USABLE)
    page.close()
    return Visit(
        page=name,
        network=network,
        cache=cache,
        usable_ms=usable_ms,
        lcp_ms=vitals["lcp"],
        inp_ms=vitals["inp"] or None,
        cls=vitals["cls"],
        bytes=wire["bytes"],
        requests=wire["requests"],
        usable_bytes=usable_bytes,
    )


def _watched(page: "Page", network: str) -> dict[str, int]:
    """Throttle a page and count what comes over its wire from now on."""
    wire = {"bytes": 0, "requests": 0}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    throttle = NETWORKS[network]
    if throttle:
        devtools.send("Network.emulateNetworkConditions", dict(throttle))

    def finished(event: dict[str, Any]) -> None:
        wire["bytes"] += int(event["encodedDataLength"])
        wire["requests"] += event["encodedDataLength"] > 0

    devtools.on("Network.loadingFinished", finished)
    return wire


def _interact(page: "Page", name: str) -> None:
    """Do what a trader does first, so that the browser can tell how long it took to react."""
    if name == "dashboard":
        for key in ("2", "3", "1"):
            page.keyboard.press(key)
            page.wait_for_timeout(250)
        page.hover("#rows tr[data-strike]")
        page.mouse.click(700, 500)
    else:
        page.click("[name=username]")
    page.wait_for_timeout(400)
