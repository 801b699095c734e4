"""Readers of files and of the broker: what cannot be read is named or counted, never a failure."""

import gzip
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from app.feeds.base import Rejections
from app.feeds.recording import NEEDED, read_recording
from app.kite.board import Board
from app.kite.candles import Candles
from app.kite.errors import BrokerError
from app.kite.instruments import NEEDED as LISTED
from app.kite.instruments import parsed
from app.kite.packets import LENGTHS
from app.kite.shared import SharedBoard
from app.kite.ticker import Link
from db.errors import InvalidInputError
from db.importing import import_file, table_named
from db.market import calendar
from db.market.exchanges import Exchanges
from tests.fuzz.generated import fuzzed, raw, scalars, values, words

TOKENS = (256265, 408065, 12345609)
CELL = st.one_of(
    words,
    st.sampled_from(
        [
            *(
                "2025-12-04T12:35:00+05:30",
                "NSE",
                "1",
                "2025-12-09",
                "26000",
                "CE",
                "124.5",
                "7500",
            ),
            *("NIFTY25D0926000CE", "NFO-OPT", "NFO", "75", "0.05", "99999999999999999999", "-1"),
        ]
    ),
)
LINE = st.one_of(st.lists(CELL, max_size=14).map(",".join), words)
END = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


def text_of(header: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """A CSV with a sound header or without one, its lines of any kind, a byte of it damaged."""
    first = st.one_of(st.just(",".join(header)), LINE)
    lines = st.lists(st.tuples(LINE, END), max_size=6)
    text = st.tuples(first, END, lines).map(
        lambda each: each[0] + each[1] + "".join(line + end for line, end in each[2])
    )
    return st.one_of(text.map(lambda each: each.encode("utf-8", "surrogatepass")), raw)


def test_a_recording_is_read_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"

    @fuzzed(0.05, content=text_of(NEEDED))
    def recordings(content: bytes) -> None:
        file.write_bytes(content)
        with suppress(InvalidInputError):
            for snapshot in read_recording(file, Rejections()):
                assert len(snapshot.options)

    recordings()


@pytest.mark.parametrize("table", ["option_chain_snapshots", "ml_features", "macro_signals"])
def test_an_export_is_read_as_far_as_it_makes_sense(tmp_path: Path, table: str) -> None:
    target = table_named(table)
    plain, packed = tmp_path / "export.csv", tmp_path / "export.csv.gz"
    header = ("timestamp", "exchange", "strike", "option_type", "symbol", "oi", "token")

    @fuzzed(0.02, content=text_of(header), is_cut=st.booleans())
    def exports(content: bytes, is_cut: bool) -> None:
        plain.write_bytes(content)
        whole = gzip.compress(content, mtime=0)
        packed.write_bytes(whole[: len(whole) // 2] if is_cut else whole)
        for file in (plain, packed):
            with suppress(InvalidInputError):
                done = import_file(file, target, None)
                assert done.rows >= done.rejected

    exports()


@fuzzed(0.04, content=text_of(LISTED))
def test_a_list_of_instruments_is_read_as_far_as_it_makes_sense(content: bytes) -> None:
    with suppress(InvalidInputError):
        assert len(parsed(content.decode("utf-8", "replace")))


@fuzzed(
    0.04,
    rows=st.one_of(
        values,
        st.lists(st.one_of(values, st.lists(scalars, max_size=8)), max_size=5),
        st.lists(
            st.tuples(st.just("2025-12-04T09:15:00+0530"), *[scalars] * 6).map(list), max_size=3
        ),
    ),
)
def test_candles_are_read_or_the_broker_is_named(rows: Any) -> None:
    with suppress(BrokerError):
        found = Candles.of(rows)
        assert len(found.close) == len(found.oi) == len(found)


PACKET = st.one_of(
    raw,
    st.tuples(st.sampled_from(LENGTHS), st.sampled_from(TOKENS), st.binary(max_size=200)).map(
        lambda each: (each[1].to_bytes(4, "big") + each[2]).ljust(each[0], b"\xff")[: each[0]]
    ),
)


def frame(packets: list[bytes], count: int | None) -> bytes:
    """Packets as the ticker sends them; the count may be another than theirs."""
    said = len(packets) if count is None else count
    return said.to_bytes(2, "big") + b"".join(len(p).to_bytes(2, "big") + p for p in packets)


@fuzzed(
    0.08,
    packets=st.lists(PACKET, max_size=5),
    count=st.one_of(st.none(), st.integers(0, 65_535)),
    cut=st.integers(0, 40),
)
def test_a_frame_of_the_ticker_is_decoded_as_far_as_it_can_be(
    packets: list[bytes], count: int | None, cut: int
) -> None:
    board = Board(TOKENS)
    whole = frame(packets, count)
    decoded = board.decode(whole[: len(whole) - cut])
    assert decoded.taken <= len(packets)
    assert isinstance(decoded.refused, Counter)
    assert len(board.last_price) == len(TOKENS)


@fuzzed(0.03, text=st.one_of(words, values.map(repr)))
def test_what_the_ticker_says_in_words_is_heard_or_counted(text: str) -> None:
    _link()._heard_text(text)


def test_a_message_that_nests_without_end_is_counted() -> None:
    link = _link()
    link._heard_text("[" * 200_000)
    assert link._shared.figures.refused.total() == 1


def _link() -> Link:
    link = Link.__new__(Link)
    link._shared = SharedBoard()
    return link


TOML = st.sampled_from(
    [
        *('"NSE"', "1", "1" + "0" * 400, "nan", "inf", "[]", "{}", "true", '"NFO"', "2026-08-03"),
        *('"nearest"', f'"monthly+{"9" * 20}"', "[" * 3000, "2026-08-03T09:15:00", "09:15:00"),
        *("[1]", '["index"]', '["x"]', "[2026-08-03]", "2026-08-03T09:15:00+05:30", "-1"),
    ]
)
TABLES = {
    "exchange": (
        *("key", "segment", "strike_step", "label", "name", "underlying", "expiry", "index"),
        *("index_token", "strikes"),
    ),
    "hours": ("from", "instruments", "pre_opens", "opens", "closes", "prints"),
    "holidays": ("dates",),
    "special": ("date", "opens", "closes", "usual"),
}


def table_of(name: str) -> st.SearchStrategy[str]:
    """A table with most of its fields, of any value."""
    most = max(1, len(TABLES[name]) - 2)
    rows = st.dictionaries(st.sampled_from(TABLES[name]), TOML, min_size=most)
    return rows.map(
        lambda row: "\n".join([f"[[{name}]]", *(f"{key} = {value}" for key, value in row.items())])
    )


OPERATORS = st.one_of(
    raw,
    words.map(lambda text: text.encode("utf-8", "replace")),
    st.tuples(TOML, TOML, st.lists(st.sampled_from(sorted(TABLES)).flatmap(table_of))).map(
        lambda each: "\n".join(
            [f"known_from = {each[0]}", f"known_until = {each[1]}", *each[2]]
        ).encode()
    ),
)


def test_a_file_of_the_operators_is_used_or_named(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"

    @fuzzed(0.04, content=OPERATORS)
    def files(content: bytes) -> None:
        file.write_bytes(content)
        with suppress(InvalidInputError):
            Exchanges().adopt(file)
        with suppress(InvalidInputError):
            # what was taken in must serve
            table = calendar._loaded.__wrapped__(file)
            table.session(date(2026, 8, 3))
            table.is_trading_day(date(2026, 8, 3))
            table.phase(datetime(2026, 8, 3, 9, 10, tzinfo=UTC))

    files()
