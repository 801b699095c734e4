"""The broker's feed under measurement: what is stored is what was sent."""

from benchmarks.parts.decoding import decoding
from benchmarks.parts.feed import feed_on
from benchmarks.report import results, sections_of
from benchmarks.server.databases import BenchmarkServer
from tests.support.databases import DatabaseServer

KEYS = {
    *("contracts", "ticks_per_s", "queue_max", "tick_to_commit_p99_ms", "rows_sent"),
    *("rows_stored", "rows_doubled", "rows_wrong", "decode_packets_per_s"),
}


def test_rows_are_stored_as_they_were_sent_once_each(server: DatabaseServer) -> None:
    result = results.start("feed", "python -m benchmarks feed")
    # a mark comes each fifteen seconds of a market that runs twice as fast
    feed_on(BenchmarkServer(server.admin_url), result, seconds=16)
    assert result.data.keys() >= KEYS
    assert result.data["contracts"] > 1_000
    assert result.data["rows_sent"] == result.data["rows_stored"] >= result.data["contracts"]
    assert (result.data["rows_doubled"], result.data["rows_wrong"]) == (0, 0)
    results.finish(result)
    assert any("feed" in section.title for section in sections_of(result.document()))


def test_the_decoder_takes_in_every_packet() -> None:
    assert decoding()["decode_packets_per_s"] > 0
