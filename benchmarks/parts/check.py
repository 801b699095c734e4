"""The application's reads explained on a small history, and held against stored plans."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.dataset.filled import described, migrated_database
from benchmarks.dataset.spec import DatasetSpec, last_session
from benchmarks.plans.baselines import Entry, Finding, entry_of, findings, read_baseline
from benchmarks.plans.planned import Planned, planned
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import ServerFacts, server_facts
from benchmarks.timing.requests import Request, captured, driver_session
from benchmarks.workloads import Workload, chosen
from benchmarks.workloads.parameters import Parameters
from benchmarks.workloads.workload import Read
from db.market.clock import market_now

# small enough for a minute, long enough that reading all of history would show
_CHECKED = DatasetSpec(days=12, strikes=11, cadence_s=30)
_REQUESTS = 3
# 300 rows are sampled for each: every row of a chunk, so that statistics are no matter of chance
_STATISTICS_OPTIONS = "-c default_statistics_target=300"


def application_plans(
    engine: Engine, session: Session, workloads: Sequence[Workload], spec: DatasetSpec
) -> Mapping[str, Planned]:
    """The plan of each read of `db.queries` by workload name."""
    requests = application_requests(engine, workloads, spec)
    return {name: planned(session, sent) for name, sent in requests.items()}


def application_requests(
    engine: Engine, workloads: Sequence[Workload], spec: DatasetSpec
) -> Mapping[str, Sequence[Request]]:
    """What the application sends for each of its reads, by workload name."""
    return {
        workload.name: _requests(engine, workload, spec) for workload in workloads if workload.after
    }


def baseline_key(facts: ServerFacts) -> str:
    """The kind of server whose plans are comparable: edition and major version of PostgreSQL."""
    return f"{facts.edition}-{facts.postgres.partition('.')[0]}"


def _requests(engine: Engine, workload: Workload, spec: DatasetSpec) -> list[Request]:
    read = workload.after
    if read is None:
        raise ValueError(f"{workload.name} is no read of the application")
    given = workload.parameters(spec, count=_REQUESTS, seed=spec.seed)
    return [captured(engine, partial(_read, read, one))[0] for one in given]


def _read(read: Read, given: Parameters, connection: object) -> Sequence[object]:
    return read(connection, given)  # type: ignore[arg-type]  # a Connection, by `captured`


def check_on(
    server: BenchmarkServer, result: Result, *, queries: Sequence[str], baseline: Path | None
) -> Mapping[str, Entry]:
    """Load, upgrade, explain, compare; fills `result` as `check --help` says.

    Without a baseline nothing is compared. Returns what a baseline would remember.
    """
    from db.engine import engine_for

    # recent days, because what is older than a month belongs into the archive
    spec = replace(_CHECKED, end=last_session(market_now().date()))
    with migrated_database(server, spec) as url:
        with session(url, options=_STATISTICS_OPTIONS) as analyzing:
            analyzing.execute("ANALYZE")
        engine = engine_for(url, read_only=True)
        with driver_session(engine) as asking:
            facts = server_facts(asking)
            plans = application_plans(engine, asking, chosen(queries), spec)
        engine.dispose()
    found = {name: entry_of(plan) for name, plan in plans.items()}
    key = baseline_key(facts)
    worse = [] if baseline is None else all_findings(read_baseline(baseline, key), found)
    result.servers.append(asdict(facts))
    result.data |= {
        "dataset": described(spec),
        "baseline": key,
        "passed": not worse,
        "findings": [asdict(finding) for finding in worse],
        "plans": {name: asdict(entry) for name, entry in found.items()},
    }
    return found


def all_findings(wanted: Mapping[str, Entry], found: Mapping[str, Entry]) -> list[Finding]:
    """What is worse in any of the plans found; a plan without a baseline is one finding."""
    listed: list[Finding] = []
    for name, entry in found.items():
        if name in wanted:
            listed += findings(name, wanted[name], entry)
        else:
            listed.append(Finding(name, "missing", "the baseline holds no plan of this query"))
    return listed
