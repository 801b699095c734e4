"""Results as files, baselines as files, and comparing two runs."""

import json
from dataclasses import replace

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.plans.baselines import Entry, findings, read_baseline, write_baseline
from benchmarks.report import results
from benchmarks.report.changes import changes, only_in_one
from tests.benchmarks.test_report import document, plan, query

ENTRY = Entry("abc", [["Index Scan"]], buffers=100, chunks=2, scanned_rows=500, row_error=1.5)


def kinds(found):
    return [finding.kind for finding in findings("q", ENTRY, found)]


def test_a_result_knows_its_machine_and_revision():
    result = results.start("run", "python -m benchmarks run")
    written = result.document()
    assert written["schema_version"] == results.SCHEMA_VERSION
    assert written["machine"]["cores"] >= 1
    assert written["machine"]["git_revision"]


def test_a_result_is_read_back_from_its_folder(tmp_path):
    result = results.finish(results.start("run", "x"))
    result.data["queries"] = []
    folder = results.folder_for(result, tmp_path)
    results.write_json(result.document(), folder / "result.json")
    assert results.read_json(folder)["queries"] == []
    assert results.read_json(folder / "result.json")["command"] == "run"


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not JSON"), ('{"schema_version": 99}', "is no result"), ("[]", "is no result")],
)
def test_what_is_no_result_is_refused_with_a_reason(tmp_path, content, message):
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(BenchmarkError, match=message):
        results.read_json(file)


def test_a_result_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BenchmarkError, match="no result at"):
        results.read_json(tmp_path)


def test_a_changed_shape_is_shown_line_by_line():
    found = replace(ENTRY, fingerprint="def", shape=[["Seq Scan with filter"]])
    [finding] = findings("q", ENTRY, found)
    assert finding.kind == "shape"
    assert "-Index Scan\n+Seq Scan with filter" in finding.message


def test_figures_within_the_tolerance_are_no_finding():
    assert kinds(replace(ENTRY, buffers=124, scanned_rows=620, row_error=3.9)) == []


@pytest.mark.parametrize(
    ("worse", "kind"),
    [
        ({"buffers": 126}, "buffers"),
        ({"chunks": 3}, "chunks"),
        ({"scanned_rows": 700}, "rows read"),
        ({"row_error": 4.1}, "row estimate"),
    ],
)
def test_a_figure_beyond_the_tolerance_is_a_finding(worse, kind):
    assert kinds(replace(ENTRY, **worse)) == [kind]


def test_a_few_pages_more_do_not_fail_a_tiny_query():
    tiny = replace(ENTRY, buffers=3)
    assert list(findings("q", tiny, replace(tiny, buffers=11))) == []
    assert list(findings("q", tiny, replace(tiny, buffers=12))) != []


def test_baselines_of_other_servers_are_kept(tmp_path):
    file = tmp_path / "baseline.json"
    write_baseline(file, "apache-17", {"q": ENTRY})
    write_baseline(file, "community-17", {"q": replace(ENTRY, buffers=5)})
    assert read_baseline(file, "apache-17")["q"] == ENTRY
    assert read_baseline(file, "community-17")["q"].buffers == 5


def test_plans_of_some_queries_leave_those_of_the_others(tmp_path):
    file = tmp_path / "baseline.json"
    write_baseline(file, "apache-17", {"q": ENTRY, "r": ENTRY})
    write_baseline(file, "apache-17", {"q": replace(ENTRY, buffers=5)}, whole=False)
    kept = read_baseline(file, "apache-17")
    assert (kept["q"].buffers, kept["r"]) == (5, ENTRY)


@pytest.mark.parametrize(
    "content",
    ["[]", '{"format": 1}', '{"format": 1, "servers": []}', '{"format": 1, "servers": {"a": {}}}'],
)
def test_what_is_no_baseline_is_refused_with_a_reason(tmp_path, content):
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(BenchmarkError, match=r"x\.json (has format|holds no)"):
        read_baseline(file, "apache-17")


def test_a_missing_baseline_says_how_to_make_it(tmp_path):
    file = tmp_path / "baseline.json"
    with pytest.raises(BenchmarkError, match="check --update"):
        read_baseline(file, "apache-17")
    write_baseline(file, "apache-17", {"q": ENTRY})
    with pytest.raises(BenchmarkError, match="no plans for community-18"):
        read_baseline(file, "community-18")


def test_two_runs_are_compared_by_floors_and_not_by_milliseconds():
    slow_machine = query(after_ms=20.0, floor_ms=10.0, floors=2.0)
    [change] = changes(document(), document(slow_machine))
    assert change.verdict == "same"
    [change] = changes(document(), document(query(floors=3.0)))
    assert change.verdict == "slower"


def test_a_changed_plan_is_seen_between_two_runs():
    new = plan(["Other"]) | {"fingerprint": "other"}
    changed = query(plans={"before": plan(["Seq Scan"]), "after": new})
    [change] = changes(document(), document(changed))
    assert not change.same_shape


def test_queries_of_one_run_only_are_named():
    other = query(name="max_pain")
    assert only_in_one(document(query(), other), document()) == (["max_pain"], [])


def test_results_without_a_common_query_are_refused():
    with pytest.raises(BenchmarkError, match="share no query"):
        list(changes(document(), document(query(name="max_pain"))))


def test_a_result_is_json(tmp_path):
    file = tmp_path / "r.json"
    results.write_json(results.start("run", "x").document(), file)
    assert json.loads(file.read_text())["command"] == "run"
