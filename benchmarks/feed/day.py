"""A trading day through stand-in, both clients and a page, with a fault every ten minutes of it."""

import gc
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL

from app.kite.standin.clock import MarketClock
from app.kite.standin.faults import Fault
from app.kite.standin.journal import read_journal
from benchmarks.feed import pages
from benchmarks.feed.faults import Troubles
from benchmarks.feed.official_client import OfficialClient, following
from benchmarks.feed.rig import SEED, Rig, stand_in
from benchmarks.feed.sent import Sent, compared, unsent
from benchmarks.feed.steady import engine_of, migrated
from benchmarks.feed.upkeep import held, summed_up, threads_and_descriptors
from benchmarks.feed.viewer import signed_in, viewing
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer
from benchmarks.timing.progress import steps
from benchmarks.timing.waiting import awaited
from benchmarks.web.serving import Site, serving
from db.market.calendar import Instrument, session
from db.market.clock import IST
from db.market.exchanges import EXCHANGES

DAY = date(2026, 8, 12)
"""A Wednesday, as long as days have been since the closing auction came, of no chain's expiry."""

SPEED = 20.0
_EVERY = timedelta(minutes=10)
_BEFORE, _AFTER = timedelta(minutes=5), timedelta(minutes=2)
_INTERVAL_S = 0.5
_MARK_S = 30
_PATIENCE_S = 60.0
_LEAVE_S = 10.0


def day_on(
    server: BenchmarkServer,
    result: Result,
    *,
    speed: float = SPEED,
    begin: datetime | None = None,
    faults: Sequence[Fault] = tuple(Fault),
) -> None:
    """Play the day, or what is left of it at `begin`; fills `result` as `feed --help` says."""
    hours = session(DAY, Instrument.OPTIONS)
    if hours is None:
        raise AssertionError("a day of trading")
    start, end = begin or hours.opens - _BEFORE, hours.closes + _AFTER
    with TemporaryDirectory() as name, migrated(server, result) as url:
        result.data |= {"day": f"{start:%Y-%m-%d %H:%M}", "until": f"{end:%H:%M}", "speed": speed}
        result.data |= _played(url, Path(name), start, end, speed, faults)


def _played(
    url: URL, folder: Path, start: datetime, end: datetime, speed: float, faults: Sequence[Fault]
) -> dict[str, Any]:
    journal = folder / "sent"
    with stand_in(start, speed, journal) as broker, engine_of(url) as engine:
        clock = MarketClock(start, speed)
        # the official client opens some descriptors for good when it is imported
        broker.log_in()
        before = threads_and_descriptors()
        rig = Rig(engine, broker, folder, clock, source="live", interval_s=_INTERVAL_S)
        tokens = _tokens(rig)
        with (
            serving(url) as site,
            following(
                broker.ws_url, broker.credentials().access_token, tokens, folder / "official"
            ) as official,
        ):
            troubles = Troubles(rig, official, tuple(faults))
            found = _lived(rig, site, troubles, end)
            official.stop()
        broker.stop()
        engine.dispose()
        leaked = _leaked(before)
        records, seen = read_journal(journal), official.seen
        theirs = (records["port"][:, None] == seen["ports"]).any(axis=1)
        sent = Sent(records[~theirs])
        return {
            "contracts": len(tokens),
            **found,
            "faults": [name for _, name in troubles.done],
            **compared(engine, rig.ends.stored, sent, troubles.refused),
            **_marks(troubles, start, end),
            **_official(official, records[theirs]),
            **leaked,
        }


def _lived(rig: Rig, site: Site, troubles: Troubles, end: datetime) -> dict[str, Any]:
    """Play until the end; what was seen and held meanwhile."""
    samples = [held(f"{rig.clock():%H:%M}", site.process)]
    cookie = signed_in(site)
    with rig.started(), viewing(site, cookie) as viewer, pages.opening(site, SEED) as opened:
        turns = int((end - rig.clock()) / _EVERY)
        with steps("ten minutes of the market", turns) as advance:
            next_at = rig.clock() + _EVERY
            while next_at < end:
                _sleep_until(rig, next_at)
                next_at += _EVERY
                samples.append(held(f"{rig.clock():%H:%M}", site.process))
                troubles.next()
                advance()
            _sleep_until(rig, end)
        rig.drain()
    counts = rig.collector.counts
    return {
        **summed_up(samples),
        **pages.judged(opened, rig.ends),
        "pushes": viewer.frames,
        "reconnects": rig.board.figures.reconnects,
        "queue_max": rig.ends.queue_max,
        "dropped": counts.dropped,
        "rows_refused": sum(counts.refused.values()),
    }


def _sleep_until(rig: Rig, moment: datetime) -> None:
    time.sleep(max(0.0, (moment - rig.clock()).total_seconds() / rig.clock.speed))


def _tokens(rig: Rig) -> list[int]:
    """Every option that the collector follows."""
    found: dict[str, Any] = {}

    def is_here() -> bool:
        from db.errors import OIError

        try:
            found.update(rig.catalogue.at(rig.clock()))
        except OIError:
            return False
        return True

    awaited(is_here, _PATIENCE_S, "The dump of instruments did not come.")
    return sorted({token for listing in found.values() for token in listing.token.tolist()})


def _leaked(before: tuple[int, int]) -> dict[str, int]:
    """What is left of threads and descriptors once all has ended."""
    # sessions of HTTP go with their last user, who may stand in a cycle
    gc.collect()
    deadline = time.monotonic() + _LEAVE_S
    while (after := threads_and_descriptors()) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    return {
        "threads_leaked": max(0, after[0] - before[0]),
        "descriptors_leaked": max(0, after[1] - before[1]),
    }


def _marks(troubles: Troubles, start: datetime, end: datetime) -> dict[str, Any]:
    """How many marks the session had for all chains, and after which faults history lacks some."""
    hours = session(DAY, Instrument.OPTIONS)
    if hours is None:
        raise AssertionError("a day of trading")
    first, last = max(start, hours.opens), min(end, hours.closes)
    numbers = range(int((last - first).total_seconds()) // _MARK_S)
    there = {
        (key, int((at.astimezone(IST) - first).total_seconds()) // _MARK_S)
        for key, at in troubles.rig.ends.stored
    }
    missing: Counter[str] = Counter()
    for number in numbers:
        lacking = sum((key, number) not in there for key in EXCHANGES)
        missing[troubles.last_at(first + number * timedelta(seconds=_MARK_S))] += lacking
    return {
        "marks": len(EXCHANGES) * len(numbers),
        "marks_missing": missing.total(),
        "marks_missing_after": {name: count for name, count in missing.items() if count},
    }


def _official(official: OfficialClient, records: Any) -> dict[str, int]:
    """What the official client read, and how much of it nobody sent."""
    ticks = official.ticks()
    return {
        "official_ticks": len(ticks),
        "official_sent": int((records["is_sound"] & records["is_full"]).sum()),
        "official_unsent": unsent(ticks, records),
        "official_connects": official.seen["connects"],
    }
