"""A live database there and back, small; and what is counted, drawn and shown of it."""

import json
import random
import struct
import subprocess
import sys
import time
from datetime import datetime
from itertools import islice

import pytest

from benchmarks.parts import kills
from benchmarks.parts.migrating import Kill, Run, Stretch
from benchmarks.report import html_report, markdown_report, sections_of
from benchmarks.server import disk
from benchmarks.traffic.flow import Timed, Traffic, flowing, histogram
from benchmarks.traffic.kept import lost
from benchmarks.traffic.session import EXCHANGE, NOTHING, RECORD, writes
from benchmarks.traffic.waits import watched
from db import migrate
from tests.support.databases import connection

_NEWEST = datetime(2026, 8, 28, 15, 29, 30)
_REVISIONS = list(migrate.revisions())[1:]


def test_the_histogram_counts_every_statement_once():
    times = [0.5, 1.0, 2.0, 5000.0, 29.0, 31.0]
    counts = histogram([Timed(0.0, duration_ms) for duration_ms in times])
    assert sum(counts.values()) == 6
    assert counts["≤ 1"] == 2
    assert counts["≤ 30"] == 1
    assert counts["≤ 100"] == 1
    assert counts["more"] == 1


def test_no_two_rows_of_the_traffic_share_a_key():
    sent = list(islice(writes(_NEWEST), 20_000))
    keys = {}
    for name, given, number, oi in sent:
        if name == "save_row":
            key = (given["at"], given["strike"], given["option_type"])
            assert keys.setdefault(key, number) == number
            assert (given["token"], given["oi"], given["exchange"]) == (number, oi, EXCHANGE)
    assert len(keys) == 1 + max(number for _, _, number, _ in sent)


def test_statements_are_those_that_ran_at_any_time_between(tmp_path):
    traffic = Traffic(tmp_path)
    records = [(100.0, 500.0, 1, 10), (101.0, 5.0, 2, 20), (103.0, 5.0, NOTHING, 30)]
    data = b"".join(RECORD.pack(*record) for record in records)
    # the last record is being written
    traffic.file("writer").write_bytes(data + struct.pack("=d", 104.0))
    assert [one.started for one in traffic.writes(100.4, 102.0)] == [100.0, 101.0]
    assert traffic.acknowledged() == {1: 10, 2: 20}


def test_a_row_is_lost_when_it_is_absent_or_older_than_acknowledged():
    assert lost({1: 10, 2: 21, 3: 30}, {1: 10, 2: 20}) == 2
    assert lost({1: 10}, {1: 11, 2: 20}) == 0


def test_a_disk_stands_while_it_completes_nothing_of_what_it_was_asked(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(disk.time, "monotonic", lambda: now[0])
    statistics = tmp_path / "stat"
    one = disk.Disk(statistics)

    def look(after_s, *, writes, in_flight):
        now[0] += after_s
        statistics.write_text(f"7 0 0 0 {writes} 0 0 0 {in_flight} 0 0 3 0 0 0 5 0\n")
        return round(one.stood_ms())

    assert look(0.01, writes=1, in_flight=2) == 0
    assert look(0.06, writes=1, in_flight=9) == 60
    assert look(0.06, writes=1, in_flight=9) == 120
    assert look(0.01, writes=2, in_flight=9) == 0
    assert look(0.05, writes=2, in_flight=0) == 0


def test_kills_fall_on_every_revision_of_all_ways():
    chance = random.Random(7)  # noqa: S311 - no secret
    ways = [("upgrade", _REVISIONS), ("downgrade", _REVISIONS[::-1]), ("upgrade", _REVISIONS)]
    found = [kills.drawn(chance, ways, 50, 15_000_000, None, True) for _ in range(40)]
    here = [kill for drawn in found for kill in drawn]
    assert {kill.place for kill in here} == set(range(len(_REVISIONS)))
    assert 0.25 * 40 * 50 < len(here) < 0.6 * 40 * 50
    copying = _REVISIONS.index("0004_chain_hypertable")
    assert max(kill.after_s for kill in here if kill.place == copying) > 100.0
    assert all(drawn == sorted(drawn) for drawn in found)


def test_all_kills_left_fall_on_the_last_way():
    chance = random.Random(7)  # noqa: S311 - no secret
    assert len(kills.drawn(chance, [("upgrade", _REVISIONS)], 9, 10**6, 50_000.0, True)) == 9


def test_time_on_a_revision_adds_up_over_restarts():
    stretches = [
        Stretch("b", 10.0, 0, ended=12.0, was_killed=True),
        Stretch("b", 15.0, 0, ended=16.0),
        Stretch("c", 16.0, 0, ended=20.0),
    ]
    assert Run("upgrade", "head", stretches).spent_s("b") == 3.0
    assert sorted([Kill(2, 0.1), Kill(1, 5.0), Kill(1, 2.0)])[0] == Kill(1, 2.0)


def test_a_wait_for_a_lock_is_seen_with_its_holder(server):
    with server.database("migrated") as url, connection(url) as holding:
        newest = datetime(2026, 11, 20, 15, 29, 30)
        with flowing(url, newest) as traffic, watched(url) as waits:
            with holding.transaction():
                holding.execute("LOCK TABLE option_chain_snapshots IN ACCESS EXCLUSIVE MODE")
                deadline = time.monotonic() + 20
                while not waits.for_locks(0, float("inf")) and time.monotonic() < deadline:
                    time.sleep(0.02)
            seen = waits.for_locks(0, float("inf"))
            assert any("LOCK TABLE" in (wait.holder or "") for wait in seen)
            assert traffic.failures() == []


@pytest.fixture(scope="module")
def converted(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("convert")
    file = folder / "convert.json"
    url = server.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "convert", "--url", url, "--kills", "4"),
            *("--days", "1", "--strikes", "5", "--json", str(file), "--out", str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


def test_a_killed_migration_keeps_every_row_on_all_ways(converted):
    assert [way["way"] for way in converted["ways"][:3]] == ["upgrade", "downgrade", "upgrade"]
    assert converted["kills_survived"] == 4
    for way in converted["ways"]:
        assert (way["rows_lost"], way["rows_doubled"]) == (0, 0)
        assert way["writes"]["count"] > 0
        assert way["reads"]["count"] > 0
        assert way["statements_failed"] == 0, way["failures"]
        assert way["starts"] == 1 + way["kills_survived"] + len(way["stops"])
    assert converted["downgrade"]["target"] == "0001_baseline"


def test_every_revision_has_its_part(converted):
    up, down = ([one["revision"] for one in way["revisions"]] for way in converted["ways"][:2])
    assert up == _REVISIONS
    assert down == ["finish", *_REVISIONS[::-1]]
    for way in converted["ways"]:
        assert sum(one["kills"] for one in way["revisions"]) == way["kills_survived"]
        assert sum(one["duration_s"] for one in way["revisions"]) <= way["duration_s"] + 0.1


def test_the_report_draws_the_histogram(converted):
    sections = sections_of(converted)
    assert "█" in markdown_report("r", sections)
    assert "<svg" in html_report("r", sections)
    assert "0004_chain_hypertable" in markdown_report("r", sections)


def test_the_report_tells_a_disk_that_stood_from_what_else_took_long(converted):
    def seen(stood_ms, disk_stood_ms):
        waits = {"looks": {"IO WalSync": 9}, "lock_ms": None, "holder": None}
        return {"started": 0.0, "stood_ms": stood_ms, "disk_stood_ms": disk_stood_ms, **waits}

    slowest = [seen(340.0, 340.0), seen(150.0, 20.0), seen(120.0, None), seen(80.0, 80.0)]
    shown = markdown_report("r", sections_of(converted | {"slowest": slowest}))
    assert "without that, 2 of the 3 over 100 ms would have been" in shown
    assert "340" in shown
    shown = markdown_report("r", sections_of(converted | {"slowest": slowest[3:]}))
    assert "would have been" not in shown


def test_the_traffic_alone_stands_before_the_ways(converted):
    assert converted["alone"]["duration_s"] > 0
    known = {"duration_s": 30.0, "longest_block_ms": 12.0, "longest_elsewhere_ms": 3.0}
    shown = markdown_report("r", sections_of(converted | {"alone": known}))
    assert "The 30 s before, with nothing but this traffic: longest statement 12 ms" in shown
    older = {key: value for key, value in converted.items() if key != "alone"}
    assert "with nothing but this traffic" not in markdown_report("r", sections_of(older))
