"""Faults on the whole system in turn, and what came of each and of all."""

import random
import threading
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from benchmarks.chaos.asking import Trader, awaited_fresh, wrong_ages
from benchmarks.chaos.committed import Watched, judged
from benchmarks.chaos.faults import Fault, faults_of
from benchmarks.chaos.house import INTERVAL_S, House, house
from benchmarks.chaos.past import held
from benchmarks.chaos.upkeep import DONE
from benchmarks.errors import BenchmarkError
from benchmarks.report.results import Result
from benchmarks.server.databases import session
from benchmarks.server.environment import server_facts
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import percentile
from benchmarks.timing.waiting import beside
from db.engine import engine_for
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES
from db.timescale.maintenance import fill_all

OBJECTIVE_S = 10.0
_MOST_S = 60.0
_START_S = 90.0
_CALM_S = 2.0
_ASK_EVERY_S = 0.2
_DRAIN_S = 15.0
_TOLD = 20
# a clock that is set back dates what comes then before all began
_BEFORE = timedelta(minutes=10)


def demand_known(only: Sequence[str], names: Set[str]) -> None:
    """Raise BenchmarkError for a fault that there is not."""
    if unknown := sorted(set(only) - names):
        raise BenchmarkError(
            f"There is no fault {', '.join(unknown)}; known are {', '.join(sorted(names))}."
        )


def chaos_on(result: Result, *, faults: int, seed: int, only: tuple[str, ...] = ()) -> None:
    """Let so many faults happen; fills `result` as `chaos --help` says."""
    from dataclasses import asdict

    random.seed(seed)
    with house() as hurt:
        with session(hurt.parts.direct) as link:
            result.servers.append(asdict(server_facts(link)))
        possible, absent = faults_of(hurt)
        demand_known(only, {each.name for each in possible} | set(absent))
        chosen = [each for each in possible if not only or each.name in only]
        result.data |= {"faults": 0, "absent": absent, "objective_s": OBJECTIVE_S, "each": []}
        trader = Trader(hurt.site)
        watched = Watched(market_now().replace(tzinfo=None) - _BEFORE)
        _awake(hurt, trader)
        trader.watch()
        with session(hurt.parts.direct) as link:
            old = held(link)
        with watched.watching(hurt.parts.direct), _trading(trader):
            for fault in _in_turn(chosen, faults):
                result.data["each"].append(_suffered(fault, hurt, trader))
                result.data["faults"] += 1
            time.sleep(_DRAIN_S)
        result.data |= _summed_up(hurt, trader, watched, result.data["each"], old)


def _awake(hurt: House, trader: Trader) -> None:
    """Wait until all is up, sign in, and see every chain once."""
    end = time.monotonic() + _START_S
    while True:
        try:
            trader.sign_in()
            break
        except (OSError, BenchmarkError):
            if time.monotonic() > end:
                raise BenchmarkError("The dashboard did not start.") from None
            time.sleep(0.5)
    if awaited_fresh(trader, list(EXCHANGES), market_now() - timedelta(1), _START_S) >= _START_S:
        raise BenchmarkError("The collectors stored nothing.")
    trader.answers.clear()


def _in_turn(possible: list[Fault], count: int) -> Iterator[Fault]:
    """All of them in an order of chance, again and again."""
    for number in range(count):
        if number % len(possible) == 0:
            random.shuffle(possible)
        yield possible[number % len(possible)]


def _suffered(fault: Fault, hurt: House, trader: Trader) -> dict[str, Any]:
    with steps(fault.name, 1) as advance:
        own_s = fault.happen(hurt)
        recovery_s = awaited_fresh(trader, list(EXCHANGES), market_now(), _MOST_S)
        recovery_s = recovery_s if own_s is None else own_s
        advance(f"{recovery_s:.1f} s")
    time.sleep(_CALM_S)
    return {"fault": fault.name, "recovery_s": round(recovery_s, 2)}


@contextmanager
def _trading(trader: Trader) -> Iterator[None]:
    """Somebody looks at the chains in turn and orders, through all of it."""

    def trade(ended: threading.Event) -> None:
        while not ended.is_set():
            for exchange in EXCHANGES:
                trader.newest(exchange)
                ended.wait(_ASK_EVERY_S)
            trader.order()

    with beside("trader", trade):
        yield


def _summed_up(
    hurt: House,
    trader: Trader,
    watched: Watched,
    each: list[dict[str, Any]],
    old: tuple[int, int, int],
) -> dict[str, Any]:
    for program in (*hurt.collectors, *hurt.upkeep):
        program.rest()
    engine = engine_for(hurt.parts.direct)
    fill_all(engine, lambda line: None)
    engine.dispose()
    keys = {"confirmed": trader.confirmed, "refused": trader.refused}
    with session(hurt.parts.direct) as link:
        found = judged(link, watched, INTERVAL_S, keys, old)
    recoveries = sorted(one["recovery_s"] for one in each)
    wrong = wrong_ages(trader.ages, watched.shown_at)
    return {
        **found,
        "survived": sum(one <= OBJECTIVE_S for one in recoveries),
        "recovery_p50_s": percentile(recoveries, 0.5),
        "recovery_p99_s": percentile(recoveries, 0.99),
        "recovery_max_s": recoveries[-1],
        "answers": dict(trader.answers),
        "wrong_answers": trader.wrong_answers + found["chains_wrong"] + len(hurt.wrong),
        "wrong": trader.wrong + hurt.wrong[:_TOLD],
        "ages": len(trader.ages),
        "wrong_ages": len(wrong),
        "wrong_ages_told": wrong[:_TOLD],
        "rounds": {program.name: program.said(DONE) for program in hurt.upkeep},
        "restarts": {program.name: program.starts - 1 for program in hurt.programs},
    }
