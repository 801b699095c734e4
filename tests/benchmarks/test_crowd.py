"""A crowd at one dashboard: what is measured is what happened, and what grows is seen."""

import pytest

from benchmarks.crowd.run import crowd_on
from benchmarks.crowd.soak import Sample, soak_on, summed_up
from benchmarks.crowd.watching import lags
from benchmarks.errors import BenchmarkError
from benchmarks.report import results, sections_of
from benchmarks.server.databases import BenchmarkServer
from tests.support.databases import DatabaseServer


def test_every_viewer_has_every_commit_and_every_request_is_answered(
    server: DatabaseServer,
) -> None:
    result = results.start("crowd", "python -m benchmarks crowd")
    crowd_on(
        BenchmarkServer(server.admin_url),
        result,
        viewers=8,
        sign_ins=4,
        connections=4,
        seconds=3,
        workers=1,
    )
    found = result.data
    # of each chain two viewers
    assert found["pushes"] >= found["commits"] > 0
    assert found["lost_viewers"] == 0
    assert found["push_p99_ms"] > 0
    assert 0 < found["server_cpu_ms_per_viewer_s"] * 8 < 2_000
    for part in ("data", "data_at_half"):
        assert found[part]["requests"] > 0
        assert found[part]["failures"] == 0
    assert found["sign_in_failures"] == 0
    results.finish(result)
    assert any("crowd" in section.title for section in sections_of(result.document()))


def test_a_soak_loses_no_viewer(server: DatabaseServer) -> None:
    result = results.start("soak", "python -m benchmarks soak")
    soak_on(BenchmarkServer(server.admin_url), result, viewers=8, minutes=0.1, workers=1, speed=4)
    assert result.data["lost_viewers"] == 0
    assert result.data["push_bytes"] > 0
    assert all(sample["connections"] > 0 for sample in result.data["samples"])
    results.finish(result)
    assert any("soak" in section.title for section in sections_of(result.document()))


def test_a_lag_is_from_the_announcement_to_each_page() -> None:
    heard = {"NSE:1": 9.0, "NSE:2": 10.0, "NSE:3": 11.0, "NSE:feed": 11.5}
    came = {"bytes": 5, "lost": 1, "arrivals": {"NSE:1": [9.5], "NSE:2": [10.5, 10.25]}}
    found = lags(heard, {**came, "arrivals": {**came["arrivals"], "NSE:0": [1.0]}}, 9.5)
    assert (found["commits"], found["pushes"]) == (2, 2)
    assert (found["push_max_ms"], found["lost_viewers"]) == (500.0, 1)
    with pytest.raises(BenchmarkError, match="No chain"):
        lags(heard, {**came, "arrivals": {}}, 9.5)


def test_what_grows_is_told_by_how_much() -> None:
    samples = [Sample(n, 100 + 10 * (n >= 6), 8, 20 + n, 5, 90.0, 7, 30 - n) for n in range(9)]
    found = summed_up(samples)
    assert (found["rss_growth_mib"], found["threads_growth"]) == (10.0, 0.0)
    assert (found["descriptors_growth"], found["connections_growth"]) == (3.0, 0.0)
    assert (found["collector_rss_growth_mib"], found["collector_descriptors_growth"]) == (0.0, -3.0)
