"""Plans as data: what makes two plans the same, and what they cost."""

from benchmarks.plans.figures import figures_of
from benchmarks.plans.names import condition_without_values, index_name, is_chunk, relation_name
from benchmarks.plans.node import parse_plan
from benchmarks.plans.shape import fingerprint, shape_lines


def scan(chunk, *, hypertable=1, rows=82, estimate=82, hit=5, **more):
    return {
        "Node Type": "Index Scan",
        "Parent Relationship": "Member",
        "Relation Name": f"_hyper_{hypertable}_{chunk}_chunk",
        "Alias": "option_chain_snapshots_1",
        "Index Name": f"_hyper_{hypertable}_{chunk}_chunk_option_chain_snapshots_key",
        "Index Cond": "((exchange = 'NSE'::text) AND (strike = 25000))",
        "Plan Rows": estimate,
        "Actual Rows": rows,
        "Actual Loops": 1,
        "Shared Hit Blocks": hit,
        **more,
    }


def chunk_append(*children):
    plan = {
        "Node Type": "Custom Scan",
        "Custom Plan Provider": "ChunkAppend",
        "Relation Name": "option_chain_snapshots",
        "Plan Rows": 82 * len(children),
        "Actual Rows": sum(child["Actual Rows"] for child in children),
        "Actual Loops": 1,
        "Shared Hit Blocks": sum(child["Shared Hit Blocks"] for child in children),
        "Plans": list(children),
    }
    return parse_plan({"Plan": plan, "Planning Time": 0.5, "Execution Time": 1.5})


def test_custom_scans_go_by_their_providers_name():
    assert shape_lines(chunk_append(scan(7)).root)[0] == "ChunkAppend on option_chain_snapshots"


def test_plans_over_other_chunks_have_the_same_shape():
    one, other = chunk_append(scan(7)), chunk_append(scan(23, hypertable=4), scan(24, hypertable=4))
    assert fingerprint([one.root]) == fingerprint([other.root])


def test_other_constants_leave_the_shape_as_it_is():
    one = chunk_append(scan(7))
    other = chunk_append(scan(7, **{"Index Cond": "((exchange = 'BSE'::text) AND (strike = 82))"}))
    assert fingerprint([one.root]) == fingerprint([other.root])


def test_another_index_is_another_shape():
    one = chunk_append(scan(7))
    other = chunk_append(scan(7, **{"Index Name": "_hyper_1_7_chunk_other_idx"}))
    assert fingerprint([one.root]) != fingerprint([other.root])


def test_another_way_to_scan_is_another_shape():
    one = chunk_append(scan(7))
    other = chunk_append(scan(7, **{"Node Type": "Seq Scan", "Filter": "(exchange = 'NSE')"}))
    assert fingerprint([one.root]) != fingerprint([other.root])


def test_chunks_and_their_indexes_go_by_the_hypertables_names():
    assert relation_name("_hyper_3_14_chunk", "snapshots_2") == "chunk of snapshots"
    assert relation_name("compress_hyper_4_9_chunk", None) == "compressed chunk"
    assert relation_name("chain_summary", "c") == "chain_summary"
    assert index_name("_hyper_3_14_chunk_snapshots_key") == "snapshots_key"
    assert index_name("14_2_snapshots_pkey") == "snapshots_pkey"
    assert index_name("chain_summary_pkey") == "chain_summary_pkey"


def test_the_compressed_side_of_a_chunk_is_not_a_second_chunk():
    assert is_chunk("_hyper_3_14_chunk")
    assert not is_chunk("compress_hyper_4_9_chunk")
    assert not is_chunk(None)


def test_values_are_taken_out_of_conditions():
    condition = "((\"timestamp\" = '2026-08-28 15:29:30'::timestamp without time zone) AND (n > 5))"
    assert condition_without_values(condition) == '(("timestamp" = ?) AND (n > ?))'


def test_figures_count_buffers_rows_and_chunks():
    figures = figures_of([chunk_append(scan(7, hit=5), scan(8, hit=6))])
    assert (figures.buffers, figures.chunks, figures.rows) == (11, 2, 164)
    assert figures.scanned_rows == 164


def test_a_chunk_that_was_planned_but_never_opened_does_not_count():
    figures = figures_of([chunk_append(scan(7), scan(8, rows=0, **{"Actual Loops": 0}))])
    assert figures.chunks == 1


def test_rows_removed_by_a_filter_were_read_all_the_same():
    figures = figures_of([chunk_append(scan(7, rows=2, **{"Rows Removed by Filter": 1000}))])
    assert figures.scanned_rows == 1002


def test_the_worst_estimate_is_a_factor_in_either_direction():
    assert figures_of([chunk_append(scan(7, rows=82, estimate=820))]).row_error == 10
    assert figures_of([chunk_append(scan(7, rows=820, estimate=82))]).row_error == 10


def test_below_a_limit_no_estimate_is_judged():
    limit = {
        "Node Type": "Limit",
        "Plan Rows": 1,
        "Actual Rows": 1,
        "Actual Loops": 1,
        "Plans": [scan(7, rows=1, estimate=100_000)],
    }
    assert figures_of([parse_plan({"Plan": limit})]).row_error == 1
