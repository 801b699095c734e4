"""Arrays become rows exactly: read back by PostgreSQL itself."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from sqlalchemy import URL

from app.feeds.simulate.chain import chain_block
from app.feeds.simulate.columns import chain_columns
from db.binary_copy import COPY_FIELDS, encoded, encoded_chain


@pytest.fixture
def session(plain_database: URL) -> Iterator[psycopg.Connection]:
    url = plain_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as found:
        yield found


def copied(session: psycopg.Connection, types: str, blocks: Iterator[bytes]) -> list[Any]:
    session.execute(f"CREATE TABLE t ({types})".encode())
    with session.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
        for block in blocks:
            copy.write(block)
    return session.execute("SELECT * FROM t").fetchall()


def body(columns: list[Any]) -> bytes:
    """The rows alone, without the header and the trailer."""
    _, *blocks, _ = encoded(columns)
    return b"".join(blocks)


def test_every_type_arrives_with_its_nulls(session: psycopg.Connection) -> None:
    columns = [
        np.array([1.5, np.nan, -0.0]),
        np.array([2**62, -1, -7], dtype=np.int64),
        np.array([2**31 - 1, -1, -7], dtype=np.int32),
        np.array(["2026-08-19T10:15:00.000001", "NaT", "1999-12-31"], dtype="datetime64[us]"),
        np.array(["2026-08-19", "NaT", "1999-12-31"], dtype="datetime64[D]"),
        np.array([b"NIFTY26AUG24350CE", b"", b"PE"]),
    ]
    types = "a float8, b int8, c int4, d timestamp, e date, f text"
    assert copied(session, types, encoded(columns)) == [
        (
            *(1.5, 2**62, 2**31 - 1),
            *(datetime(2026, 8, 19, 10, 15, 0, 1), date(2026, 8, 19), "NIFTY26AUG24350CE"),
        ),
        (None, None, None, None, None, None),
        (0.0, -7, -7, datetime(1999, 12, 31), date(1999, 12, 31), "PE"),
    ]


def test_neighbours_of_one_type_keep_their_own_nulls(session: psycopg.Connection) -> None:
    floats = [np.array([1.0, np.nan]), np.array([np.nan, 2.0]), np.array([3.0, 4.0])]
    masked = [
        np.ma.array([-1, 0], mask=[False, True]),
        np.ma.array([5, -(2**62)], mask=[False, False]),
    ]
    texts = [np.array([b"CE", b"P"]), np.array([b"", b"NIFTY"])]
    types = "a float8, b float8, c float8, d int8, e int8, f text, g text"
    assert copied(session, types, encoded([*floats, *masked, *texts])) == [
        (1.0, None, 3.0, -1, 5, "CE", None),
        (None, 2.0, 4.0, None, -(2**62), "P", "NIFTY"),
    ]


def test_no_rows_are_a_valid_copy(session: psycopg.Connection) -> None:
    assert copied(session, "a float8", encoded([np.array([])])) == []


def test_more_rows_than_one_block_keep_their_order(session: psycopg.Connection) -> None:
    numbers = np.arange(45_001, dtype=np.int64)
    assert [row[0] for row in copied(session, "a int8", encoded([numbers]))] == numbers.tolist()


@pytest.mark.parametrize("nullable", [2, 9], ids=["few layouts", "many layouts"])
def test_rows_of_different_layouts_are_those_of_each_alone_in_their_order(nullable: int) -> None:
    random = np.random.default_rng(11)
    numbers = np.arange(3_000, dtype=np.int64)
    columns = [numbers, np.array([b"", b"CE", b"NIFTY"])[random.integers(0, 3, len(numbers))]]
    for _ in range(nullable):
        columns.append(np.where(random.random(len(numbers)) < 0.5, np.nan, numbers + 0.5))
    alone = [body([column[row : row + 1] for column in columns]) for row in range(len(numbers))]
    assert body(columns) == b"".join(alone)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="complex128"):
        list(encoded([np.array([1j])]))


def test_a_chain_arrives_in_the_order_of_its_fields(session: psycopg.Connection) -> None:
    day = date(2026, 8, 19)
    block = chain_block(3, "NSE", date(2026, 8, 25), day, np.array([36_000, 36_180]), strikes=41)
    columns = chain_columns(block)
    kinds = {"timestamp": "timestamp", "exchange": "text", "expiry": "date"}
    kinds |= dict.fromkeys(("option_type", "symbol", "moneyness"), "text")
    kinds |= dict.fromkeys(("token", "oi", "volume"), "int8") | {"time_to_expiry_seconds": "int4"}
    types = ", ".join(f'"{name}" {kinds.get(name, "float8")}' for name in COPY_FIELDS)
    rows = copied(session, types, encoded_chain(columns))
    assert len(rows) == len(columns) == 164
    row = dict(zip(COPY_FIELDS, rows[156], strict=True))
    assert row["exchange"] == "NSE"
    assert row["timestamp"] == datetime(2026, 8, 19, 10, 3)
    assert row["symbol"] == block.contracts.symbol[74]
    assert row["expiry"] == date(2026, 8, 25)
    assert (row["oi"], row["ltp"]) == (block.oi[1, 74], block.ltp[1, 74])
    assert row["time_to_expiry_seconds"] == block.seconds_to_expiry[1]
    assert row["pct_change_5m"] is None
    assert row["pct_change_3m"] is not None
