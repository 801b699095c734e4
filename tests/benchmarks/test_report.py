"""Reports from a result that holds everything a real one does."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.report import html_report, markdown_report, sections_of
from benchmarks.report.blocks import Bars, Lines, Ranges, Section
from benchmarks.report.charts import bars_svg, lines_svg, ranges_svg
from benchmarks.report.readme import BEGIN, END, generated, rewritten
from benchmarks.report.svg import write_curves

FIGURES = {
    "buffers": 12,
    "buffers_read": 0,
    "planning_buffers": 3,
    "temp_blocks": 0,
    "rows": 82,
    "scanned_rows": 82,
    "row_error": 1.0,
    "chunks": 1,
    "planning_ms": 0.1,
    "execution_ms": 0.2,
}

SPLIT = {
    "statements": 2,
    "kept": 1,
    "round_trips_ms": 0.1,
    "planning_ms": 0.1,
    "start_ms": 0.02,
    "running_ms": 0.1,
    "sending_ms": 0.05,
    "python_ms": 0.05,
}
TIMES = {"count": 9, "min_ms": 1.0, "p50_ms": 2.0, "p95_ms": 3.0, "p99_ms": 4.0, "max_ms": 5.0}


def plan(shape):
    return {
        "statements": ["SELECT 1 < 2"],
        "shape": [shape],
        "fingerprint": "abc",
        "figures": FIGURES,
        "settings": {},
        "documents": [{}],
    }


def query(**changed):
    return {
        "name": "latest_chain",
        "title": "Latest chain <b>",
        "group": "dashboard",
        "rows": 82,
        "same_rows": True,
        "difference": None,
        "before_ms": 4.0,
        "after_ms": 2.0,
        "floor_ms": 1.0,
        "call_ms": 2.5,
        "times": {side: TIMES for side in ("before", "after", "floor")},
        "speedup": 2.0,
        "speedup_95": [1.8, 2.2],
        "floors": 2.0,
        "target": {"speedup": 1.0, "floors": 1.25, "met": False},
        "unprepared_ms": 2.2,
        "first_ms": 3.1,
        "pooler_ms": 6.0,
        "pooler_prepared_ms": 4.5,
        "split": {
            "before": SPLIT,
            "after": SPLIT | {"planning_ms": 0.43, "start_ms": 0.05},
            "floor": SPLIT,
        },
        "plans": {"before": plan(["Seq Scan"]), "after": plan(["Index Scan"])},
    } | changed


def document(*queries):
    return {
        "schema_version": 1,
        "command": "run",
        "arguments": "python -m benchmarks run --days 3",
        "started_at": "2026-08-28T10:00:00+00:00",
        "duration_s": 12.0,
        "machine": {
            "processor": "a processor",
            "cores": 2,
            "memory_bytes": 2**34,
            "system": "Linux",
            "python": "3.11",
            "git_revision": "0123456789abcdef",
            "git_clean": True,
        },
        "servers": [
            {
                "postgres": "17.1",
                "timescaledb": "2.19.3",
                "edition": "apache",
                "settings": {"shared_buffers": "2GB"},
            }
        ],
        "dataset": {"rows": 738000, "days": 3},
        "temperature": "warm",
        "round_trip_ms": 0.05,
        "nothing": {"after_ms": 0.05, "first_ms": 0.1, "unprepared_ms": 0.06, "call_ms": 0.2},
        "pooler": {"version": "1.24.1", "missing": None},
        "queries": list(queries or [query()]),
    }


class Outside(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "link", "img", "iframe"} or "src" in given:
            self.fetched.append((tag, given))


def test_the_first_thing_in_a_report_is_the_table_of_ratios():
    text = markdown_report("Title", sections_of(document()))
    first_table = next(line for line in text.splitlines() if line.startswith("|"))
    assert "faster by" in first_table
    assert text.index("faster by") < text.index("Index Scan")


def test_each_way_of_asking_stands_beside_the_prepared_read_with_what_preparing_would_bring():
    text = markdown_report("Title", sections_of(document()))
    way = "| 3.1 (1.6 ×) | 2.2 (1.1 ×) | 2.5 (1.2 ×) | 6 (3.0 ×) | 4.5 (2.2 ×) |"
    assert f"| Latest chain <b> | 2 {way}" in text.replace("&lt;", "<").replace("&gt;", ">")
    assert "| A call that asks nothing (SELECT 1) | 0.05 | 0.1 (2.0 ×) |" in text
    assert "Were statements prepared through PgBouncer 1.24.1, a read would take 0.75" in text


def test_a_pooler_that_prepares_nothing_is_said_to():
    asked = document(query(pooler_prepared_ms=None))
    assert "PgBouncer 1.24.1 lets nothing be prepared." in markdown_report("", sections_of(asked))


def test_every_figure_has_its_command():
    text = markdown_report("Title", sections_of(document()))
    assert "`python -m benchmarks run --days 3`" in text


def test_the_html_report_needs_nothing_else():
    page = html_report("Title", sections_of(document()))
    outside = Outside()
    outside.feed(page)
    assert outside.fetched == []
    assert "<svg" in page


def test_texts_are_escaped_in_html():
    page = html_report("Title", sections_of(document()))
    assert "Latest chain &lt;b&gt;" in page
    assert "<b>" not in page


def test_both_plans_of_a_query_stand_together():
    page = html_report("Title", sections_of(document()))
    sides = re.findall(r'<div class="side">(.*?)</div>', page, re.DOTALL)
    assert len(sides) == 2
    assert "Seq Scan" in sides[0]
    assert "Index Scan" in sides[1]


def test_cold_times_stand_beside_the_warm_ones_where_they_were_taken():
    assert "cold" not in markdown_report("Title", sections_of(document()))
    cold = {"before_ms": 40.0, "after_ms": 60.0, "speedup": 0.67}
    taken = {"method": "server restarted, OS cache kept", "rounds": 2, "duration_s": 9.0}
    text = markdown_report("Title", sections_of(document(query(cold=cold)) | {"cold": taken}))
    assert "OS cache kept" in text
    assert "| 40 | 60 | **0.67 ×** |" in text


def test_percentiles_are_shown_beside_the_medians():
    text = markdown_report("Title", sections_of(document()))
    assert "| 9 | 2 | 3 | 4 | 2 | 3 | 4 |" in text


def test_a_missed_target_is_shown_as_missed():
    page = html_report("Title", sections_of(document()))
    assert re.search(r'<td class="bad[^>]*">missed: ≥ 1 ×, ≤ 1.25 floors', page)


def test_a_target_that_was_not_judged_is_neither_met_nor_missed():
    open_target = {"speedup": 1.0, "floors": 1.25, "met": None}
    text = markdown_report("Title", sections_of(document(query(target=open_target))))
    assert "missed" not in text
    assert "met:" not in text


def test_a_miss_names_the_parts_that_take_longer_the_largest_first():
    text = markdown_report("Title", sections_of(document()))
    assert "over the floor: planning +0.33 ms, executor start +0.03 ms |" in text
    assert "| 0.43 (0.10) |" in text


def test_what_is_slower_than_before_is_held_against_what_it_was():
    slower = query(speedup=0.5, floors=1.0)
    text = markdown_report("Title", sections_of(document(slower)))
    assert "over before: planning +0.33 ms" in text
    assert "over the floor" not in text


def test_a_report_of_all_parts_opens_with_every_target():
    retention = document() | {
        "command": "retention",
        "faster_by": 12.0,
        "delete": {"total_s": 12.0, "rows_removed": 1, "wal_bytes": 1, "freed_bytes": 1},
        "drop_chunks": {
            "total_s": 1.0,
            "drop_s": 0.004,
            "commit_s": 0.996,
            "rows_removed": 1,
            "wal_bytes": 1,
            "freed_bytes": 1,
        },
    }
    whole = document() | {"command": "all", "parts": [document(), retention]}
    [targets, *_] = sections_of(whole)
    assert targets.title == "Targets"
    text = markdown_report("Title", [targets])
    assert "0 of 2 met, 2 missed." in text
    assert re.search(r"Retention of half .* \| ≥ 100 × \| 12 × \| \*\*missed\*\*", text)
    assert "| commit 996 ms, drop 4 ms | The statement is" in text


def test_what_is_read_from_the_columnstore_has_a_time_of_its_own():
    stored = {"speedup": None, "floors": None, "columnstore_ms": 2.0, "met": True}
    text = markdown_report("Title", sections_of(document(query(target=stored, speedup=0.5))))
    assert "met: < 2 ms in the columnstore" in text
    assert "1 of 1 met" in text


def test_different_rows_are_said_loudly():
    wrong = query(same_rows=False, difference="2 rows before, 1 after")
    text = markdown_report("Title", sections_of(document(wrong)))
    assert "**NO**" in text
    assert "2 rows before, 1 after" in text


def test_a_result_of_parts_reports_them_all():
    whole = document() | {"command": "all", "parts": [document(), document()]}
    titles = [section.title for section in sections_of(whole)]
    assert titles.count("Plans") == 2
    assert titles[-1] == "Measured on"
    assert sections_of(whole)[-1].facts["Took"] == "12 s: run 12, run 12"


@pytest.mark.parametrize("part", ["run", "check", "pages"])
def test_a_run_that_ended_early_shows_why_and_what_there_is(part):
    cut = {key: value for key, value in document().items() if key not in ("queries", "dataset")}
    ended = {**cut, "command": part, "error": "The server went away."}
    assert "The server went away." in html_report("x", sections_of(ended))


def test_the_readmes_section_is_replaced_and_nothing_else():
    old = f"# Title\n\nbefore\n\n{BEGIN}\nold figures\n{END}\n\nafter\n"
    whole = document()
    new = rewritten(old, generated(whole, sections_of(whole)))
    assert new.startswith("# Title\n\nbefore\n\n")
    assert new.endswith(f"{END}\n\nafter\n")
    assert "old figures" not in new
    assert "faster by" in new
    assert "0123456789ab" in new
    assert rewritten(new, "x") == rewritten(old, "x")


def test_a_readme_without_markers_is_left_alone():
    with pytest.raises(BenchmarkError, match="no lines"):
        rewritten("# Title\n", "figures")


def test_bars_grow_with_the_logarithm_of_their_value():
    svg = bars_svg(Bars("t", "ms", {"q": {"a": 1.0, "b": 10.0, "c": 100.0}}))
    widths = [float(width) for width in re.findall(r'<rect x="240" y="\d+" width="([\d.]+)"', svg)]
    assert widths == sorted(widths)
    assert widths[2] == pytest.approx(2 * widths[1], rel=0.01)


def test_a_chart_of_nothing_is_nothing():
    assert bars_svg(Bars("t", "ms", {})) == ""
    assert lines_svg(Lines("t", "x", "y", {})) == ""
    assert ranges_svg(Ranges("t", "ms", {})) == ""


def test_every_decade_of_an_axis_is_named_with_its_unit():
    svg = ranges_svg(Ranges("t", "ms", {"q": {"a": (0.5, 1.0, 5.0, 50.0)}}))
    assert [tick for tick in ("0.1 ms", "1 ms", "10 ms", "100 ms") if f">{tick}<" not in svg] == []


def test_curves_stand_alone_as_files(tmp_path):
    lines = Lines("Pages & plans", "rows", "ms", {"q": [(1e6, 1.0), (1e7, 1.1)]})
    [file] = write_curves([Section("Growth", [lines])], tmp_path / "charts")
    assert file.name == "pages-plans.svg"
    drawn = ElementTree.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn.find("{*}style") is not None


def test_a_curve_has_a_point_for_every_measurement():
    svg = lines_svg(Lines("t", "rows", "ms", {"q": [(1e6, 1.0), (1e7, 1.1), (1e8, 1.0)]}))
    assert svg.count("<circle") == 3
    assert svg.count("<polyline") == 1
