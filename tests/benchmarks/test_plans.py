"""How the application's reads are planned on a small history, and that worse plans are caught."""

from dataclasses import replace

import pytest

from benchmarks.parts.check import all_findings, application_plans, application_requests
from benchmarks.plans.baselines import entry_of, findings
from benchmarks.plans.explain import explained
from benchmarks.plans.names import is_chunk
from benchmarks.plans.node import parse_plan
from benchmarks.plans.planned import planned
from benchmarks.timing.requests import Statement, captured
from benchmarks.workloads import WORKLOADS
from db.market.clock import IST
from db.queries import snapshots
from tests.benchmarks.conftest import Small

READS = [workload.name for workload in WORKLOADS.values() if workload.after]
LIVE_EDGE = ("latest_chain", "latest_chains", "oi_changes", "oi_by_strike", "pcr_now", "max_pain")
HISTORY = ("chain_as_of", "snapshot_at", "window_40m", "contract_day")
ROLLUPS = ("pcr_minutes", "pcr_five_minutes", "pcr_days", "contract_bars")


@pytest.fixture(scope="module")
def plans(small_history):
    return application_plans(
        small_history.engine, small_history.session, list(WORKLOADS.values()), small_history.spec
    )


def _nodes(plan):
    return [node for document in plan.documents for node in parse_plan(document).root.walk()]


def test_every_read_of_the_application_is_looked_at(plans):
    assert sorted(plans) == sorted(READS) == sorted((*LIVE_EDGE, *HISTORY, *ROLLUPS))


@pytest.mark.parametrize("name", LIVE_EDGE)
def test_the_live_edge_opens_no_history_at_all(plans, name):
    assert plans[name].figures.chunks == 0
    assert plans[name].figures.buffers < 60


@pytest.mark.parametrize(
    ("name", "chunks"),
    [("chain_as_of", 2), ("snapshot_at", 1), ("window_40m", 1), ("contract_day", 1)],
)
def test_a_read_of_history_opens_the_chunks_of_its_day_only(plans, name, chunks):
    # as of an instant: one chunk of the pointer table, one of the chain
    assert plans[name].figures.chunks <= chunks


@pytest.mark.parametrize("name", [*HISTORY, *ROLLUPS])
def test_no_read_scans_a_chunk_of_the_chain_from_end_to_end(plans, name):
    scanned = [
        node
        for node in _nodes(plans[name])
        if node.kind == "Seq Scan" and is_chunk(node.relation) and node.actual_rows > 1000
    ]
    assert scanned == []


@pytest.mark.parametrize("name", HISTORY)
def test_a_read_of_history_looks_at_little_more_than_it_returns(plans, name):
    figures = plans[name].figures
    # the columnstore unpacks whole segments of up to a thousand rows
    assert figures.scanned_rows <= figures.rows * 1.2 + 3000


@pytest.mark.parametrize("name", ROLLUPS)
def test_a_rollup_is_not_computed_from_the_chain(plans, name, small_history: Small):
    a_day = small_history.spec.rows / small_history.spec.days
    assert plans[name].figures.scanned_rows < a_day / 10


def test_the_instants_of_a_day_are_read_from_the_index_alone(small_history: Small):
    last = small_history.spec.last_instant.replace(tzinfo=IST)
    start = last.replace(hour=0, minute=0, second=0)
    sent, _ = captured(
        small_history.engine, lambda connection: snapshots.instants(connection, "NSE", start, last)
    )
    kinds = {n.kind for p in explained(small_history.session, sent) for n in p.root.walk()}
    assert "Index Only Scan" in kinds


def test_a_plan_equals_its_own_baseline(plans):
    entries = {name: entry_of(plan) for name, plan in plans.items()}
    assert all_findings(entries, entries) == []


def test_a_dropped_index_is_caught(plans, small_history: Small):
    workload = WORKLOADS["contract_bars"]
    requests = application_requests(small_history.engine, [workload], small_history.spec)
    index = _rollup_index(small_history, "contract_5m")
    with small_history.session.transaction(force_rollback=True):
        small_history.session.execute(f"DROP INDEX {index}")
        found = planned(small_history.session, requests[workload.name])
    kinds = {
        finding.kind
        for finding in findings(workload.name, entry_of(plans[workload.name]), entry_of(found))
    }
    assert "shape" in kinds
    assert kinds & {"buffers", "rows read"}


def test_a_query_that_defeats_chunk_exclusion_is_caught(plans, small_history: Small):
    given = WORKLOADS["contract_day"].parameters(small_history.spec, count=1, seed=1)[0]
    defeating = Statement(
        """
        SELECT "timestamp", oi, ltp, volume, iv, underlying_price
        FROM option_chain_snapshots AS chain
        WHERE exchange = %(exchange)s
            AND strike = %(strike)s
            AND option_type = %(option_type)s
            AND date_trunc('day', "timestamp") = %(start)s
        ORDER BY "timestamp"
        """,
        given,
    )
    found = entry_of(planned(small_history.session, [[defeating]]))
    kinds = {f.kind for f in findings("contract_day", entry_of(plans["contract_day"]), found)}
    assert {"shape", "chunks"} <= kinds


def test_a_read_without_a_baseline_is_a_finding(plans):
    found = {"latest_chain": entry_of(plans["latest_chain"])}
    assert [finding.kind for finding in all_findings({}, found)] == ["missing"]


def test_a_better_plan_is_no_finding(plans):
    now = entry_of(plans["contract_day"])
    worse = replace(now, buffers=now.buffers * 3, scanned_rows=now.scanned_rows * 3, chunks=9)
    assert list(findings("contract_day", worse, now)) == []


def _rollup_index(small: Small, rollup: str) -> str:
    row = small.session.execute(
        """
        SELECT format('%%I.%%I', schemaname, indexname)
        FROM pg_indexes
        WHERE indexdef LIKE '%%strike%%'
            AND (schemaname, tablename) IN (
                SELECT 'timescale_engine', %(rollup)s
                UNION ALL
                SELECT materialization_hypertable_schema, materialization_hypertable_name
                FROM timescaledb_information.continuous_aggregates
                WHERE view_name = %(rollup)s
            )
        """,
        {"rollup": rollup},
    ).fetchall()
    assert len(row) == 1, f"{rollup} has not exactly one index by contract: {row}"
    return row[0][0]
