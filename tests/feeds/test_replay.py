"""Recordings are read in the order of time, whatever is in them."""

import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from app.feeds import validation
from app.feeds.base import Rejections
from app.feeds.recording import NEEDED, read_recording
from app.feeds.replay import ReplayFeed
from db.csv_text import CUT, UNCLOSED
from db.errors import InvalidInputError
from db.market import clock
from db.market.clock import IST
from db.market.ticks import ChainSnapshot
from tests.support.chains import option_columns, rows_of

HEADER = (
    "timestamp,exchange,token,expiry,strike,option_type,ltp,oi,volume,"
    "underlying_price,future_price,future_oi"
)
ROW = "2025-12-04T12:35:00+05:30,NSE,11001,2025-12-09,26000,CE,124.55,7500,100,26000.95,26142.9,15"


def recording(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "tape.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def changed(**cells: str) -> str:
    row = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    return ",".join((row | cells).values())


def read(path: Path) -> tuple[list[ChainSnapshot], Rejections]:
    rejected = Rejections()
    return read_recording(path, rejected), rejected


def test_a_row_becomes_a_tick_of_its_chain(tmp_path: Path) -> None:
    (chain,), rejected = read(recording(tmp_path, ROW))
    (row,) = rows_of(chain.options)
    assert not rejected
    assert chain.timestamp == datetime(2025, 12, 4, 12, 35, tzinfo=IST)
    assert (chain.underlying_price, chain.future_price, chain.future_oi) == (26000.95, 26142.9, 15)
    assert (row["token"], row["strike"], row["option_type"]) == (11001, 26000.0, "CE")
    assert (row["ltp"], row["oi"], row["volume"]) == (124.55, 7500, 100)
    assert row["expiry"] == date(2025, 12, 9)
    assert row["symbol"] == "NIFTY25D0926000CE"


def test_rows_in_any_order_are_played_in_the_order_of_time(tmp_path: Path) -> None:
    rows = [
        changed(timestamp=f"2025-12-04T12:{minute}:00+05:30", exchange=exchange)
        for exchange in ("NSE_MONTHLY", "NSE")
        for minute in (37, 35, 36)
    ]
    chains, _ = read(recording(tmp_path, *rows))
    assert [(c.timestamp.minute, c.exchange) for c in chains] == [
        (minute, exchange) for minute in (35, 36, 37) for exchange in ("NSE", "NSE_MONTHLY")
    ]


@pytest.mark.parametrize(
    "text", ["2025-12-04T07:05:00+00:00", "2025-12-04T07:05:00Z", "2025-12-04 12:35:00"]
)
def test_timestamps_of_other_zones_are_moved_and_naive_ones_are_ist(
    tmp_path: Path, text: str
) -> None:
    (chain,), _ = read(recording(tmp_path, changed(timestamp=text)))
    assert chain.timestamp == datetime(2025, 12, 4, 12, 35, tzinfo=IST)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"timestamp": "yesterday"}, clock.NO_TIMESTAMP),
        ({"timestamp": ""}, clock.NO_TIMESTAMP),
        ({"timestamp": "1901-01-01T00:00:00+05:30"}, clock.NO_TIMESTAMP),
        ({"exchange": "NYSE"}, validation.UNKNOWN_EXCHANGE),
        ({"strike": ""}, validation.NO_STRIKE),
        ({"strike": "0"}, validation.NO_STRIKE),
        ({"option_type": "FUT"}, validation.NO_OPTION_TYPE),
        ({"token": ""}, validation.NO_TOKEN),
        ({"token": "12.5"}, validation.NOT_WHOLE),
        ({"token": "-7"}, validation.NO_TOKEN),
        ({"token": "1e30"}, validation.ABSURD_SIZE),
        ({"expiry": "soon"}, validation.NO_EXPIRY),
        ({"expiry": "2025-12-03"}, validation.IMPOSSIBLE_EXPIRY),
        ({"expiry": "2099-12-03"}, validation.IMPOSSIBLE_EXPIRY),
        ({"timestamp": "2525-12-04T12:35:00+05:30"}, clock.IN_THE_FUTURE),
        ({"timestamp": "0001-01-01T00:00:00+05:30"}, clock.NO_TIMESTAMP),
        ({"timestamp": "9999-12-31T23:59:59-12:00"}, clock.IN_THE_FUTURE),
        ({"expiry": "0001-01-01"}, validation.IMPOSSIBLE_EXPIRY),
        ({"oi": "-75"}, validation.NEGATIVE_OI),
        ({"oi": "-1"}, validation.NEGATIVE_OI),
        ({"volume": "-1"}, validation.NEGATIVE_QUANTITY),
        ({"oi": "7_500"}, validation.NOT_FINITE),
        ({"ltp": "-0.05"}, validation.NEGATIVE_PRICE),
        ({"ltp": "nan"}, validation.NOT_FINITE),
        ({"ltp": "inf"}, validation.NOT_FINITE),
        ({"ltp": "cheap"}, validation.NOT_FINITE),
        ({"oi": "1e300"}, validation.ABSURD_SIZE),
        ({"underlying_price": "-5"}, validation.NO_UNDERLYING),
    ],
)
def test_a_row_that_makes_no_sense_is_counted_and_left_out(
    tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    chains, rejected = read(recording(tmp_path, ROW, changed(**cells)))
    assert [len(chain.options) for chain in chains] == [1]
    assert rejected == {reason: 1}
    assert rejected.lines == {reason: [3]}


def numbered(count: int) -> list[str]:
    """Sound rows of as many contracts."""
    return [changed(token=str(n), strike=str(26_000 + 50 * n)) for n in range(1, count + 1)]


@pytest.mark.parametrize("column", range(12))
def test_an_unclosed_quote_costs_its_line_and_no_other(tmp_path: Path, column: int) -> None:
    rows, cells = numbered(90), ROW.split(",")
    cells[column] = '"' + cells[column]
    rows[1] = ",".join(cells)
    (chain,), rejected = read(recording(tmp_path, *rows))
    assert len(chain.options) == 89
    assert (rejected, rejected.lines) == ({UNCLOSED: 1}, {UNCLOSED: [3]})


def test_a_quoted_cell_cannot_hold_the_end_of_a_line(tmp_path: Path) -> None:
    torn = ROW.replace("NSE", '"N\nSE"')
    (chain,), rejected = read(recording(tmp_path, *numbered(3), torn, *numbered(9)[6:]))
    assert len(chain.options) == 6
    assert rejected.lines == {UNCLOSED: [5], CUT: [6]}


def test_quoted_cells_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = recording(tmp_path, ROW.replace("NSE", '"NSE"').replace("26000,", '" 26000 ",'))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (chain,), rejected = read(path)
    assert (len(chain.options), chain.future_oi) == (1, 15)
    assert not rejected


@pytest.mark.parametrize("cells", range(1, 12))
def test_a_cut_row_is_refused_wherever_it_was_cut(tmp_path: Path, cells: int) -> None:
    path = recording(tmp_path, ROW)
    with path.open("a", encoding="utf-8") as file:
        file.write(",".join(changed(strike="26050").split(",")[:cells]))
    (chain,), rejected = read(path)
    assert len(chain.options) == 1
    assert (rejected, rejected.lines) == ({CUT: 1}, {CUT: [3]})


def test_cells_beyond_the_header_are_nobodys(tmp_path: Path) -> None:
    (chain,), rejected = read(recording(tmp_path, ROW + ",7,8"))
    assert (len(chain.options), rejected.total()) == (1, 0)


def test_of_each_reason_the_first_lines_are_named(tmp_path: Path) -> None:
    rows = [changed(oi="-75"), *numbered(1), *[changed(ltp="-1")] * 7, changed(oi="-75")]
    _, rejected = read(recording(tmp_path, *rows))
    assert rejected == {validation.NEGATIVE_OI: 2, validation.NEGATIVE_PRICE: 7}
    assert rejected.lines == {
        validation.NEGATIVE_OI: [2, 11],
        validation.NEGATIVE_PRICE: [4, 5, 6, 7, 8],
    }


def test_a_chain_of_two_expiries_is_that_of_the_nearest(tmp_path: Path) -> None:
    later = [row.replace("2025-12-09", "2025-12-16") for row in numbered(3)]
    (chain,), rejected = read(recording(tmp_path, *later, *numbered(3)))
    assert {row["expiry"] for row in rows_of(chain.options)} == {date(2025, 12, 9)}
    assert rejected.lines == {validation.OTHER_EXPIRY: [2, 3, 4]}


def test_an_index_of_zero_is_unknown(tmp_path: Path) -> None:
    rows = [changed(underlying_price="0"), changed(underlying_price="0", option_type="PE")]
    (chain,), rejected = read(recording(tmp_path, *rows))
    assert chain.underlying_price is None
    assert not rejected
    (chain,), _ = read(recording(tmp_path, ROW, rows[1]))
    assert chain.underlying_price == 26000.95


def test_damaged_bytes_cost_their_row_only(tmp_path: Path) -> None:
    path = recording(tmp_path, ROW)
    path.write_bytes(path.read_bytes() + ROW.replace("CE", "C").encode() + b"\xff\x00\n")
    chains, rejected = read(path)
    assert [len(chain.options) for chain in chains] == [1]
    assert rejected.total() == 1


def test_an_empty_cell_is_unknown_not_zero(tmp_path: Path) -> None:
    (chain,), rejected = read(recording(tmp_path, changed(ltp="", oi="", underlying_price="")))
    (row,) = rows_of(chain.options)
    assert (row["ltp"], row["oi"]) == (None, None)
    assert chain.underlying_price is None
    assert not rejected


@pytest.mark.parametrize("column", NEEDED)
def test_a_file_without_a_needed_column_is_refused_by_name(tmp_path: Path, column: str) -> None:
    path = recording(tmp_path, ROW, header=HEADER.replace(column, "other", 1))
    with pytest.raises(InvalidInputError, match=f"has no column {column}"):
        read(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InvalidInputError, match="Is a directory"):
        read(tmp_path)
    (tmp_path / "zip.csv").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="has no column timestamp"):
        read(tmp_path / "zip.csv")
    (tmp_path / "endless.csv").write_text(HEADER + "\n" + "1" * 200_000, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is not a CSV file of text: line 2"):
        read(tmp_path / "endless.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InvalidInputError, match="has no column timestamp"):
        read(tmp_path / "empty.csv")


NOTHING = option_columns([])


def chain_at(second: int) -> ChainSnapshot:
    return ChainSnapshot("NSE", datetime(2025, 12, 4, 12, 35, second, tzinfo=IST), NOTHING)


def test_speed_divides_the_pauses_between_instants() -> None:
    chains = [chain_at(0), chain_at(0), chain_at(20)]
    feed = ReplayFeed(lambda _: chains, speed=100)
    began = time.monotonic()
    assert list(feed.batches()) == chains
    assert time.monotonic() - began >= 0.2


def test_a_replay_can_be_closed_in_the_middle_of_a_pause() -> None:
    feed = ReplayFeed(lambda _: [chain_at(0), chain_at(59)], speed=0.001)
    threading.Timer(0.05, feed.close).start()
    assert [chain.timestamp.second for chain in feed.batches()] == [0]


def test_a_replay_slower_than_any_clock_can_tell_is_still_a_replay() -> None:
    feed = ReplayFeed(lambda _: [chain_at(0), chain_at(59)], speed=1e-300)
    batches = feed.batches()
    assert next(batches).timestamp.second == 0
    threading.Timer(0.05, feed.close).start()
    assert list(batches) == []


@pytest.mark.parametrize("hour", [0, 10, 23])
def test_a_replay_can_be_moved_to_another_time(tmp_path: Path, hour: int) -> None:
    later = changed(timestamp="2025-12-04T12:36:00+05:30")
    begin = datetime(2026, 8, 19, hour, 0, tzinfo=IST)
    feed = ReplayFeed.of_file(recording(tmp_path, ROW, later), begin_at=begin)
    first, second = feed.batches()
    assert (first.timestamp, second.timestamp) == (begin, begin + timedelta(minutes=1))
    moved = timedelta(days=258)
    assert rows_of(first.options)[0]["expiry"] == date(2025, 12, 9) + moved
