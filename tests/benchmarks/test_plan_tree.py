"""A plan as a tree to look at."""

import pytest

from benchmarks.report import html_report, markdown_report
from benchmarks.report.blocks import Planned, Plans, Section
from benchmarks.report.plan_tree import plan_tree

LEAF = {
    "Node Type": "Index Scan",
    "Relation Name": "snapshots",
    "Index Name": "snapshots_key",
    "Index Cond": "(exchange = 'NSE'::text)",
    "Plan Rows": 1,
    "Actual Rows": 40,
    "Actual Loops": 2,
    "Actual Total Time": 3.0,
    "Shared Hit Blocks": 10,
    "Shared Read Blocks": 5,
}
NOTHING = ("Actual Rows", "Actual Loops", "Actual Total Time", "Shared Hit Blocks")
NEVER = LEAF | dict.fromkeys((*NOTHING, "Shared Read Blocks"), 0)
DOCUMENT = {
    "Plan": {
        "Node Type": "Nested Loop",
        "Plan Rows": 10,
        "Actual Rows": 10,
        "Actual Loops": 1,
        "Actual Total Time": 8.0,
        "Shared Hit Blocks": 12,
        "Shared Read Blocks": 5,
        "Plans": [LEAF, NEVER],
    }
}


def page_of(tree):
    planned = Planned("after", "jit = off", ["SELECT 1 < 2"], [["Nested Loop"]], [tree])
    return html_report("Title", [Section("Plans", [Plans("A query", [planned])])])


def test_time_and_pages_of_a_node_are_its_own():
    tree = plan_tree(DOCUMENT)
    assert tree.own_ms == pytest.approx(8.0 - 2 * 3.0)
    assert tree.share == pytest.approx(0.25)
    assert (tree.buffers, tree.read) == (2, 0)
    assert (tree.children[0].buffers, tree.children[0].read) == (15, 5)


def test_the_dearest_node_is_marked_and_no_other():
    tree = plan_tree(DOCUMENT)
    assert [node.is_hottest for node in (tree, *tree.children)] == [False, True, False]


def test_a_missed_estimate_is_marked_unless_the_node_never_ran():
    tree = plan_tree(DOCUMENT)
    assert [node.is_misjudged for node in (tree, *tree.children)] == [False, True, False]
    assert tree.children[1].never_ran


def test_a_plan_of_many_chunks_folds_those_beyond_a_dozen():
    tree = plan_tree({"Plan": DOCUMENT["Plan"] | {"Plans": [LEAF] * 30}})
    assert (len(tree.children), len(tree.more)) == (12, 18)
    assert "18 more" in page_of(tree)


def test_the_page_shows_conditions_with_their_values_and_escapes_them():
    page = page_of(plan_tree(DOCUMENT))
    assert "(exchange = &#39;NSE&#39;::text)" in page
    assert "SELECT 1 &lt; 2" in page
    assert "never ran" in page
    assert page.count("hottest") == 1


def test_without_a_document_the_shape_is_shown():
    assert plan_tree({}) is None
    assert "<pre>Nested Loop</pre>" in page_of(None)
    planned = Planned("after", "", ["SELECT 1"], [["Nested Loop"]], [None])
    section = Section("Plans", [Plans("A query", [planned])])
    assert "Nested Loop" in markdown_report("Title", [section])
