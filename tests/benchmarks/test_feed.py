"""The broker's feed under measurement: what is stored is what was sent."""

from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.collector.storing import Outcome
from app.kite.standin.faults import Fault
from app.kite.standin.journal import RECORD, Journal, read_journal
from app.kite.standin.packets import TICK, Rows
from benchmarks.feed import official
from benchmarks.feed.day import DAY, day_on
from benchmarks.feed.decoding import decoding
from benchmarks.feed.ends import Ends
from benchmarks.feed.pages import Opened, judged
from benchmarks.feed.sent import Refused, Sent, unsent
from benchmarks.feed.steady import feed_on
from benchmarks.feed.viewer import Answer
from benchmarks.report import results, sections_of
from benchmarks.server.databases import BenchmarkServer
from db.market.clock import IST
from tests.support.databases import DatabaseServer

KEYS = {
    *("contracts", "ticks_per_s", "queue_max", "tick_to_commit_p99_ms", "rows_sent"),
    *("rows_stored", "rows_doubled", "rows_wrong", "decode_packets_per_s"),
}
AT = datetime(2026, 8, 12, 15, 0, tzinfo=IST)
CALL = (512, 100.0, 75.0, 10.0)  # token, price, OI, volume as history has them


def test_rows_are_stored_as_they_were_sent_once_each(server: DatabaseServer) -> None:
    result = results.start("feed", "python -m benchmarks feed")
    # a mark comes each fifteen seconds of a market that runs twice as fast
    feed_on(BenchmarkServer(server.admin_url), result, seconds=16)
    assert result.data.keys() >= KEYS
    assert result.data["contracts"] > 1_000
    assert result.data["rows_sent"] == result.data["rows_stored"] >= result.data["contracts"]
    assert (result.data["rows_doubled"], result.data["rows_wrong"]) == (0, 0)
    assert result.data["pushes"] > 0
    assert result.data["tick_to_browser_p99_ms"] > 0
    results.finish(result)
    assert any("feed" in section.title for section in sections_of(result.document()))


def test_the_end_of_a_day_with_its_auction_and_faults_loses_no_row_and_leaves_nothing(
    server: DatabaseServer,
) -> None:
    result = results.start("feed-day", "python -m benchmarks feed --day")
    day_on(
        BenchmarkServer(server.admin_url),
        result,
        speed=60.0,
        begin=datetime(DAY.year, DAY.month, DAY.day, 15, 0, tzinfo=IST),
        faults=(Fault.EXPIRED, Fault.HALF_FRAME, Fault.DISCONNECT),
    )
    found = result.data
    assert len(found["faults"]) >= 2
    assert found["rows_sent"] == found["rows_stored"] > found["contracts"]
    assert (found["rows_doubled"], found["rows_wrong"], found["rows_refused"]) == (0, 0, 0)
    assert (found["dropped"], found["threads_leaked"], found["descriptors_leaked"]) == (0, 0, 0)
    assert found["official_ticks"] > found["contracts"]
    assert found["official_unsent"] == 0
    assert found["ages"] > 0
    assert (found["pages_failed"], found["pages_empty"], found["ages_too_young"]) == (0, 0, 0)
    results.finish(result)
    assert any("day" in section.title for section in sections_of(result.document()))


def test_a_row_is_right_that_the_frames_of_its_second_leave(tmp_path: Path) -> None:
    sent = _sent(tmp_path, ((1, 99.0), (2, 100.0), (3, 101.0)))
    stored = np.array([CALL])
    assert [len(sent.wrong(stored, second, ())) for second in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert len(sent.wrong(stored + np.array([0, 0, 1, 0]), 2, ())) == 1


def test_all_rows_of_a_chain_are_of_one_place_among_its_frames(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sent")
    for number, (token, price) in enumerate(((256, 1), (512, 1), (256, 2), (512, 2))):
        rows = _ticks(token, 7, price)
        journal.note(rows, 40_000, number, is_sound=True)
    journal.close()
    sent = Sent(read_journal(tmp_path / "sent"))
    for first, second, wrong in ((1, 1, 0), (2, 1, 0), (2, 2, 0), (1, 2, 1)):
        chain = np.array([(256, first, 75, 10), (512, second, 75, 10)], np.float64)
        assert len(sent.wrong(chain, 7, ())) == wrong


def test_a_tick_of_a_distorted_frame_may_stand_but_need_not(tmp_path: Path) -> None:
    ticks = ((1, 99.0), (2, 100.0))
    sent = _sent(tmp_path, ticks, distorted=(2,))
    for price, wrong in ((99.0, 0), (100.0, 0), (98.0, 1)):
        assert len(sent.wrong(np.array([(512, price, 75.0, 10.0)]), 2, ())) == wrong


@pytest.mark.parametrize(("port", "wrong"), [(40_000, 0), (40_001, 1)])
def test_of_a_contract_that_is_followed_anew_nothing_is_known_before_its_first_tick(
    tmp_path: Path, port: int, wrong: int
) -> None:
    journal = Journal(tmp_path / "sent")
    journal.note(_ticks(512, 1, 99.0), 40_000, 1)
    journal.note(_ticks(768, 2, 99.0), 40_000, 2)
    journal.note(_ticks(512, 3, 100.0), port, 3, is_full=False)
    journal.close()
    sent = Sent(read_journal(tmp_path / "sent"))
    assert len(sent.wrong(np.array([(512, 0.0, -1.0, -1.0)]), 2, ())) == wrong


def test_a_quote_after_a_lost_connection_may_stand_with_the_oi_that_was_read_before(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "sent")
    for number, (port, oi, is_full) in enumerate(
        ((40_000, 74, True), (40_000, 75, True), (40_001, 0, False))
    ):
        rows = _ticks(512, 1, 99.0)
        rows["oi"] = oi
        journal.note(rows, port, number, is_full=is_full)
    journal.close()
    sent = Sent(read_journal(tmp_path / "sent"))
    for oi, wrong in ((75, 0), (74, 0), (73, 1), (0, 1)):
        assert len(sent.wrong(np.array([(512, 99.0, oi, 10.0)]), 1, ())) == wrong


def test_a_price_of_zero_leaves_the_price_that_is_known(tmp_path: Path) -> None:
    sent = _sent(tmp_path, ((1, 99.0), (2, 0.0)))
    for price, wrong in ((99.0, 0), (0.0, 1)):
        assert len(sent.wrong(np.array([(512, price, 75.0, 10.0)]), 2, ())) == wrong


@pytest.mark.parametrize(("port", "oi"), [(40_001, 75), (40_000, -1)])
def test_a_quote_leaves_the_oi_unless_its_contract_was_left_and_followed_anew(
    tmp_path: Path, port: int, oi: int
) -> None:
    journal = Journal(tmp_path / "sent")
    journal.note(_ticks(512, 1, 99.0), 40_000, 1)
    quote = _ticks(512, 1, 100.0)
    quote["oi"] = 0
    journal.note(quote, port, 2, is_full=False)
    journal.close()
    sent = Sent(read_journal(tmp_path / "sent"))
    for stored in (75, 0, -1):
        wrong = sent.wrong(np.array([(512, 100.0, stored, 10.0)]), 1, ())
        assert (len(wrong) == 0) == (stored == oi)


def test_only_a_contract_whose_price_made_no_sense_may_be_stored_without_one(
    tmp_path: Path,
) -> None:
    sent = _sent(tmp_path, ((1, 24_000.0), (2, 24_000.0)))
    unpriced = np.array([(512, 0.0, 75.0, 10.0)])
    assert len(sent.wrong(unpriced, 2, ())) == 1
    assert len(sent.wrong(unpriced, 2, (Refused(512, 2, 9),))) == 0
    assert len(sent.wrong(unpriced, 2, (Refused(512, 3, 9), Refused(768, 1, 9)))) == 1


def test_a_tick_that_nobody_sent_is_found_among_those_that_were_read(tmp_path: Path) -> None:
    records = _sent(tmp_path, ((1, 99.0), (2, 100.0))).rows
    read = np.zeros(2, official.TICK)
    for name in official.TICK.names or ():
        read[name] = records[name]
    assert unsent(read, records) == 0
    read["oi"][1] += 1
    assert unsent(read, records) == 1


def test_an_age_is_wrong_that_the_moment_of_the_commit_rules_out() -> None:
    ends = Ends(commits={("NSE", AT): (9.9, 10.0)})
    ages = (2.0, 2.1, 1.9, 3.3)
    answers = [Answer(12.0, 12.1, ("NSE", AT), 9, age) for age in ages]
    found = judged(Opened([*answers, Answer(12.0, 12.1, ("BSE", AT), 9, 5.0)]), ends)
    assert found["ages"] == 4
    assert (found["ages_too_young"], found["ages_too_old"]) == (1, 1)
    assert (found["age_too_young_ms"], found["age_too_old_ms"]) == (100.0, 1100.0)


@pytest.mark.parametrize(
    ("came_of_it", "commits", "kept"),
    [
        ((True, Outcome.WRITTEN), 1, 1),
        ((True, True), 1, 0),
        # its mark is there already or another's; a newer one is shown; refused; to be tried again
        ((True, Outcome.KNOWN), 0, 0),
        ((True, Outcome.EARLY), 0, 0),
        ((True, False), 0, 0),
        ((True, None), 0, 0),
        ((False, None), 0, 0),
    ],
)
def test_only_what_was_written_counts_as_committed(came_of_it, commits, kept) -> None:
    snapshot = SimpleNamespace(exchange="NSE", timestamp=AT)
    collector = SimpleNamespace(
        _assembler=SimpleNamespace(assemble=None),
        _writer=SimpleNamespace(_attempt=lambda action: came_of_it),
        _outbox=None,
    )
    ends = Ends()
    ends.watch(collector)
    assert collector._writer._attempt(partial(print, snapshot=snapshot)) == came_of_it
    assert (len(ends.commits), len(ends.kept)) == (commits, kept)


def test_the_decoder_takes_in_every_packet() -> None:
    assert decoding()["decode_packets_per_s"] > 0


def _sent(
    folder: Path, ticks: tuple[tuple[int, float], ...], distorted: tuple[int, ...] = ()
) -> Sent:
    """What a journal holds of one contract, by second and price."""
    journal = Journal(folder / "sent")
    for second, price in ticks:
        rows = _ticks(512, second, price)
        journal.note(rows, 40_000, second, is_sound=second not in distorted)
    journal.close()
    found = read_journal(folder / "sent")
    assert found.dtype == RECORD
    return Sent(found)


def _ticks(token: int, second: int, price: float) -> Rows:
    rows = np.zeros(1, TICK)
    rows["token"], rows["oi"], rows["volume"] = token, 75, 10
    rows["exchange_time"], rows["ltp"] = second, round(100 * price)
    return rows
