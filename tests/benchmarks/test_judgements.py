"""What the suite concludes from its figures."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.parts.retention import faster_by
from benchmarks.parts.scale import growth
from benchmarks.parts.walk import slower
from benchmarks.report.sections.signals import signal_sections
from benchmarks.report.sections.targets import target_sections
from benchmarks.report.sections.web import page_sections
from benchmarks.signals.asked import latencies
from benchmarks.signals.beside import compared
from benchmarks.targets import LIMITS, READS
from benchmarks.web.load import capacity
from benchmarks.web.pages import Visit, summarized
from benchmarks.web.watching import slowest
from benchmarks.workloads import WORKLOADS


def revision(name, ms, relative):
    query = {"name": "latest_chain", "ms": ms, "relative": relative}
    return {"revision": name, "queries": [query]}


def test_a_revision_that_slows_a_query_is_named():
    [found] = slower([revision("0001", 1.0, 2.0), revision("0002", 3.0, 6.0)])
    assert (found["revision"], found["name"], found["factor"]) == ("0002", "latest_chain", 3.0)


def test_a_slower_machine_is_no_slower_query():
    assert list(slower([revision("0001", 1.0, 2.0), revision("0002", 3.0, 2.1)])) == []


def test_a_few_microseconds_are_no_slower_query():
    assert list(slower([revision("0001", 0.05, 1.0), revision("0002", 0.1, 2.0)])) == []


def test_a_query_is_compared_with_the_revision_before_and_not_with_the_first():
    steps = [revision("1", 1.0, 1.0), revision("2", 9.0, 9.0), revision("3", 9.0, 9.0)]
    assert [found["revision"] for found in slower(steps)] == ["2"]


def size(rows, times, buffers, planning_ms=0.1):
    query = {
        "name": "q",
        "title": "Q",
        "times": times,
        "times_95": [times, times],
        "buffers": buffers,
        "planning_ms": planning_ms,
    }
    return {"rows": rows, "queries": [query]}


def test_growth_is_that_of_the_largest_history_over_the_smallest():
    [grown] = growth([size(1e6, 1.0, 10), size(1e7, 1.05, 10), size(1e8, 1.1, 11, 0.2)])
    assert grown["times"] == pytest.approx(1.1)
    assert grown["buffers"] == pytest.approx(1.1)
    assert grown["planning"] == pytest.approx(2.0)
    assert grown["exponent"] == pytest.approx(0.02, abs=0.01)


@pytest.mark.parametrize(("times", "met"), [(1.0, True), (1.1, True), (1.11, False)])
def test_growth_beyond_a_tenth_misses_its_target(times, met):
    [grown] = growth([size(1e6, 1.0, 10), size(1e8, times, 10)])
    assert grown["met"] is met


@pytest.mark.parametrize(
    ("speedup", "floors", "rows", "met"),
    [
        (16.0, 1.4, 15_000_000, True),
        (14.0, 1.4, 15_000_000, False),
        (16.0, 1.6, 15_000_000, False),
        # a short history cannot show the factor, but it can show that a floor is far
        (14.0, 1.4, 1_000_000, None),
        (16.0, 1.4, 1_000_000, True),
        (14.0, 1.6, 1_000_000, False),
    ],
)
def test_a_factor_that_days_make_is_judged_on_a_history_of_its_length(speedup, floors, rows, met):
    assert READS["contract_day"].is_met(speedup, floors, rows) is met


def test_every_read_has_a_target():
    assert set(READS) == set(WORKLOADS)


@pytest.mark.parametrize(("after_ms", "met"), [(10.0, True), (10.1, False)])
def test_a_writer_of_another_program_is_held_against_its_own_time_before(after_ms, met):
    [limit] = [each for each in LIMITS if each.title.startswith("A statement a row")]
    way = "a statement a row, {}"
    ways = {
        way.format("legacy tables"): {"p50_ms": 10.0},
        way.format("migrated"): {"p50_ms": after_ms},
    }
    figure = limit.figure({"ways": ways})
    assert figure == pytest.approx(after_ms / 10)
    assert limit.is_met(figure) is met
    assert limit.figure({"ways": {}}) is None


def test_ways_of_retention_that_removed_different_rows_are_not_compared():
    deleted = {"rows_removed": 500, "total_s": 2.0}
    assert faster_by(deleted, {"rows_removed": 500, "total_s": 0.1}) == pytest.approx(20)
    with pytest.raises(BenchmarkError, match="lies in the archive: measure fewer days"):
        faster_by(deleted, {"rows_removed": 0, "total_s": 0.001})


def test_what_a_bare_hypertable_costs_a_writer_stands_beside_its_figure():
    [limit] = [each for each in LIMITS if each.title.startswith("COPY")]
    tables = {"legacy tables": 8.0, "bare hypertable": 10.0, "migrated": 16.0}
    ways = {f"COPY and one upsert, {name}": {"p50_ms": ms} for name, ms in tables.items()}
    part = {"command": "ingest", "ways": ways, "servers": []}
    assert limit.bare(part) == pytest.approx(1.25)
    [row] = [
        row
        for section in target_sections([part])
        for row in section.blocks[1].rows
        if row[0].text == limit.title
    ]
    assert row[2].text == "2 × (a bare hypertable 1.25 ×)"


@pytest.mark.parametrize(("edition", "most"), [("apache", 5.0), ("community", 25.0)])
def test_a_refresh_is_held_against_what_its_edition_may_take(edition, most):
    document = {"servers": [{"edition": edition}], "refresh_ms": {"p50_ms": 6.0, "p99_ms": 7.0}}
    held = [each for each in LIMITS if each.title.startswith("Refresh")]
    [limit] = [each for each in held if each.figure(document) == 6.0]
    assert limit.most == most


def step(workers, users, p99_ms, failures=0):
    return {
        "workers": workers,
        "users": users,
        "p99_ms": p99_ms,
        "failures": failures,
        "requests_per_s": users * 2.0,
    }


def test_capacity_is_the_last_step_before_p99_leaves_its_objective():
    climbed = [step(1, 10, 5), step(1, 50, 90), step(1, 100, 101), step(1, 200, 50)]
    assert capacity(climbed, 100.0) == [{"workers": 1, "users": 50, "requests_per_s": 100.0}]


def test_failing_requests_end_the_climb_however_fast_they_are():
    found = capacity([step(1, 10, 5), step(1, 50, 5, failures=1), step(2, 10, 5)], 100.0)
    assert [(one["workers"], one["users"]) for one in found] == [(1, 10), (2, 10)]


def visit(usable_ms, inp_ms):
    return Visit("login", "local", "cold", usable_ms, 100.0, inp_ms, 0.0, 1000, 5, 900)


def test_interactions_too_short_to_be_told_count_as_short_ones():
    assert slowest([48.0, 24.0, 20.0], 100) == 20.0
    assert slowest([48.0, 24.0], 10) == 48.0
    assert slowest([], 60) == 16.0


def test_a_page_left_open_is_held_against_what_was_aimed_at():
    one = summarized([visit(1.0, None)])
    document = {
        "arguments": "pages",
        "browser": "140",
        "server_start_ms": 600.0,
        "pages": one,
        "sign_in": {"cold_ms": 400.0, "warm_ms": 250.0},
        "live": {"inp_ms": 24.0, "cls": 0.0, "busy": 0.05},
        "aged": {"growth_bytes_per_day": 30 * 2**20},
        "past": {"newest": {"p95_ms": 40.0}, "oldest": {"p95_ms": 120.0}},
    }
    [section] = page_sections(document)
    measured = section.blocks[-1].rows
    assert [row[1].tone for row in measured] == [
        *("good", "bad", "good", "good", "good", "bad"),
        *("good", "bad"),
    ]
    told = {"what": "keydown 2", "ms": 56, "waited_ms": 4, "worked_ms": 30, "painted_ms": 22}
    [section] = page_sections(document | {"live": document["live"] | {"slowest": [told]}})
    assert [cell.text for cell in section.blocks[-1].rows[0]][:2] == ["keydown 2", "56"]


def test_pages_are_medians_and_an_unknown_reaction_stays_unknown():
    [page] = summarized([visit(1.0, None), visit(9.0, 16.0), visit(2.0, 24.0)])
    assert (page["usable_ms"], page["inp_ms"], page["visits"]) == (2.0, 20.0, 3)
    assert page["lcp_quartiles_ms"] == [100.0, 100.0]
    [page] = summarized([visit(1.0, None)])
    assert page["inp_ms"] is None


def beside(on_ms, noise_ms=0.1):
    off = [5.0 + noise_ms * n for n in range(-2, 3)]
    timed = {
        "off": [{"/": [each] * 5} for each in off],
        "on": [{"/": [each + on_ms] * 5} for each in off],
    }
    return compared("/", timed)


@pytest.mark.parametrize(("on_ms", "seen"), [(0.0, False), (0.9, False), (1.2, True)])
def test_a_millisecond_that_signals_cost_a_page_is_seen(on_ms, seen):
    page = beside(on_ms)
    assert page["is_seen"] is seen
    assert page["slower_ms"] == pytest.approx(on_ms)
    assert page["ratio_95"][0] <= page["ratio"] <= page["ratio_95"][1]


def test_what_signals_cost_is_said_in_the_report():
    document = {
        "arguments": "signals",
        "trees": 120,
        "objective_ms": 5.0,
        "pages": [beside(1.2)],
        "alone": [{"exchange": "NSE", **latencies([1.0] * 99 + [3.0])}],
        "live": [{"exchange": "NSE", **latencies([1.0] * 9 + [8.0])}],
    }
    [section] = signal_sections(document)
    note, pages, predictions = section.blocks
    assert note.text.startswith("Signals slow /.")
    assert pages.rows[0][3].tone == "bad"
    assert [row[4].tone for row in predictions.rows] == ["good", "bad"]
