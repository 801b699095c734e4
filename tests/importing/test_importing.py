"""Exports in their tables: each row once, however often and however broken it comes."""

import csv
import gzip
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.errors import InvalidInputError
from db.importing import Imported, import_file, table_named
from db.importing.tables import _TABLES
from db.market.clock import market_now
from db.schema import metadata
from db.timescale.maintenance import fill_all
from tests.importing.exports import CHAIN, MACRO, START, chain, macro, written
from tests.ingest.reference import expected, kept
from tests.support.databases import DatabaseServer

ROWS = {
    "exchange_metadata": ("exchange,last_update_time,last_future_oi", "NSE,2026-11-19 15:30:00,12"),
    "macro_signals": ("id,timestamp,exchange,usdinr", "7,2026-11-19 15:30:00,NSE,89.7"),
    "ml_features": (
        "timestamp,exchange,vix,feature_payload",
        '2026-11-19 15:30:00,NSE,12.5,"{""a"": 1}"',
    ),
    "option_chain_snapshots": (
        "id,timestamp,exchange,strike,option_type,symbol,token,oi",
        "7,2026-11-19 15:30:00,NSE,26000.0,CE,N26000CE,12,5",
    ),
    "order_book_depth_snapshots": (
        "id,timestamp,exchange,depth_buy_total",
        "7,2026-11-19 15:30:00,NSE,5.5",
    ),
    "paper_trading_metrics": (
        "id,timestamp,exchange,executed,pnl",
        "7,2026-11-19 15:30:00,NSE,t,-12.5",
    ),
    "training_batches": (
        "id,exchange,start_timestamp,end_timestamp,metadata",
        "7,NSE,2026-11-01 09:15:00,2026-11-19 15:30:00,{}",
    ),
    "vix_term_structure": ("id,timestamp,exchange,current_vix", "7,2026-11-19 15:30:00,NSE,12.5"),
}


def bring_in(path: Path, table: str, engine: Engine | None, batch_rows: int = 50) -> Imported:
    return import_file(path, table_named(table), engine, batch_rows=batch_rows)


def counts(done: Imported) -> tuple[int | None, ...]:
    return done.rows, done.stored, done.present, done.rejected


def stored(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as session:
        return [tuple(row) for row in session.execute(text(query))]


def of_lines(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_every_table_of_the_original_program_takes_its_exports_once(
    engine: Engine, tmp_path: Path
) -> None:
    assert set(ROWS) == set(_TABLES)
    for table, lines in ROWS.items():
        export = of_lines(tmp_path / f"{table}.csv", lines)
        assert counts(bring_in(export, table, engine)) == (1, 1, 0, 0), table
        assert counts(bring_in(export, table, engine)) == (1, 0, 1, 0), table
        with engine.connect() as session:
            (row,) = session.execute(metadata.tables[table].select()).mappings()
        with export.open(newline="") as file:
            (given,) = csv.DictReader(file)
        taken = {name: value for name, value in given.items() if name != "id"}
        shown = {"t": "True", "5": "5", "-12.5": "-12.5"}
        for name, value in taken.items():
            found = row[name].replace(tzinfo=None) if hasattr(row[name], "tzinfo") else row[name]
            assert str(found) == shown.get(value, value), f"{table}.{name}"


def test_an_export_in_a_packed_file_with_any_order_of_columns_is_taken(
    engine: Engine, tmp_path: Path
) -> None:
    export = tmp_path / "macro.csv.gz"
    with gzip.open(export, "wt") as file:
        file.write(' Exchange,mood,USDINR,timestamp\r\n"NSE",good,,2026-11-19T04:00:00Z\r\n')
    done = bring_in(export, "macro_signals", engine)
    assert counts(done) == (1, 1, 0, 0)
    assert done.left_out == ["mood"]
    assert stored(engine, "SELECT timestamp::text, exchange, usdinr FROM macro_signals") == [
        ("2026-11-19 09:30:00", "NSE", None)
    ]


def test_the_live_edge_is_what_history_makes_of_it(engine: Engine, tmp_path: Path) -> None:
    late = written(tmp_path / "late.csv", CHAIN, [*chain("NSE", range(20, 40)), *chain("BSE")])
    early = written(tmp_path / "early.csv", CHAIN, chain("NSE", range(35)))
    assert counts(bring_in(late, "option_chain_snapshots", engine)) == (360, 360, 0, 0)
    # the newest chain stands, and what it is compared with comes afterwards
    assert counts(bring_in(early, "option_chain_snapshots", engine)) == (210, 120, 90, 0)
    with engine.connect() as session:
        assert kept(session) == expected(session)
        assert session.scalar(text("SELECT count(*) FROM snapshots")) == 80


def test_rollups_follow_however_old_the_rows_are(engine: Engine, tmp_path: Path) -> None:
    old = [{**row, "timestamp": row["timestamp"] - timedelta(days=400)} for row in chain()]
    bring_in(written(tmp_path / "old.csv", CHAIN, old), "option_chain_snapshots", engine)
    fill_all(engine, lambda line: None)
    assert stored(engine, "SELECT sum(snapshots), min(bucket)::date::text FROM oi_5m") == [
        (40, "2025-10-15")
    ]


def test_rows_that_are_archived_are_there_already(engine: Engine, tmp_path: Path) -> None:
    export = written(tmp_path / "chain.csv", CHAIN, chain(minutes=range(4)))
    bring_in(export, "option_chain_snapshots", engine)
    with engine.begin() as session:
        session.execute(
            text(
                "INSERT INTO archive.option_chain_snapshots "
                "SELECT * FROM option_chain_snapshots WHERE timestamp >= :half"
            ),
            {"half": START + timedelta(minutes=2)},
        )
        session.execute(
            text("DELETE FROM option_chain_snapshots WHERE timestamp >= :half"),
            {"half": START + timedelta(minutes=2)},
        )
    assert counts(bring_in(export, "option_chain_snapshots", engine)) == (24, 0, 24, 0)
    assert stored(engine, "SELECT count(*) FROM option_chain_snapshots_history") == [(24,)]


def test_rows_come_into_chunks_that_are_kept_by_column(
    engine: Engine, server: DatabaseServer, tmp_path: Path
) -> None:
    if server.edition == "apache":
        pytest.skip("the Apache edition has no columnstore")
    export = written(tmp_path / "chain.csv", CHAIN, chain(minutes=range(0, 40, 2)))
    bring_in(export, "option_chain_snapshots", engine)
    with engine.begin() as session:
        session.execute(
            text("SELECT compress_chunk(c) FROM show_chunks('option_chain_snapshots') AS c")
        )
    written(export, CHAIN, chain())
    assert counts(bring_in(export, "option_chain_snapshots", engine)) == (240, 120, 120, 0)
    with engine.connect() as session:
        assert kept(session) == expected(session)


def test_a_row_that_is_there_is_left_as_it_is(engine: Engine, tmp_path: Path) -> None:
    export = written(tmp_path / "chain.csv", CHAIN, chain(minutes=range(1)))
    bring_in(export, "option_chain_snapshots", engine)
    with engine.begin() as session:
        session.execute(text("UPDATE option_chain_snapshots SET oi = 1"))
    assert bring_in(export, "option_chain_snapshots", engine).stored == 0
    assert stored(engine, "SELECT DISTINCT oi FROM option_chain_snapshots") == [(1,)]


def test_rows_without_a_natural_key_are_told_apart_by_all_their_values(
    engine: Engine, tmp_path: Path
) -> None:
    names = ("id", "timestamp", "exchange", "executed", "pnl")
    trade = {"id": 1, "timestamp": START, "exchange": "NSE", "executed": "t", "pnl": ""}
    twins = [trade, {**trade, "id": 2}, {**trade, "pnl": 1.5}, trade]
    export = written(tmp_path / "trades.csv", names, twins)
    for batch_rows in (1, 50):
        bring_in(export, "paper_trading_metrics", engine, batch_rows)
    assert stored(engine, "SELECT id, pnl FROM paper_trading_metrics ORDER BY id, pnl") == [
        (1, 1.5),
        (1, None),
        (2, None),
    ]


def test_a_number_that_another_row_has_here_costs_no_row(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as session:
        session.execute(
            text(
                "INSERT INTO training_batches (id, exchange, start_timestamp, end_timestamp) "
                "VALUES (7, 'BSE', '2026-01-01', '2026-01-02')"
            )
        )
    export = of_lines(tmp_path / "batches.csv", ROWS["training_batches"])
    assert counts(bring_in(export, "training_batches", engine)) == (1, 1, 0, 0)
    assert stored(engine, "SELECT count(DISTINCT id), count(*) FROM training_batches") == [(2, 2)]


def test_rows_that_cannot_be_read_lie_beside_the_export_with_lines_and_reasons(
    engine: Engine, tmp_path: Path
) -> None:
    ahead = market_now().replace(tzinfo=None) + timedelta(hours=1)
    export = of_lines(
        tmp_path / "macro.csv",
        [
            "timestamp,exchange,usdinr,metadata",
            "2026-11-19 09:15:00,NSE,89.7,",
            "2026-11-19 09:16:00,NSE,much,",
            f"{ahead},NSE,89.7,",
            '2026-11-19 09:17:00,NSE,89.7,"open',
            "2026-11-19 09:18:00,NSE",
            "2026-11-19 09:19:00,NSE,89,7,",
            "2026-11-19 09:20:00,NSE,89.7,",
        ],
    )
    done = bring_in(export, "macro_signals", engine)
    assert counts(done) == (7, 2, 0, 5)
    assert done.reasons == {
        "usdinr is not a number": [1, 3],
        "timestamp is in the future": [1, 4],
        "quote is not closed": [1, 5],
        "row is cut": [1, 6],
        "row has more cells than the header": [1, 7],
    }
    assert done.rejected_file == f"{export}.rejected.csv"
    with Path(done.rejected_file).open(newline="", encoding="utf-8") as file:
        turned_away = list(csv.reader(file))
    assert turned_away[:2] == [
        ["timestamp", "exchange", "usdinr", "metadata", "rejected_line", "rejected_reason"],
        ["2026-11-19 09:16:00", "NSE", "much", "", "3", "usdinr is not a number"],
    ]
    assert turned_away[3][0] == '2026-11-19 09:17:00,NSE,89.7,"open'
    assert [row[-2] for row in turned_away[1:]] == ["3", "4", "5", "6", "7"]


def test_what_was_put_right_in_the_file_of_rejected_rows_is_taken_in(
    engine: Engine, tmp_path: Path
) -> None:
    lines = ["timestamp,exchange,usdinr", "2026-11-19 09:16:00,NSE,much"]
    export = of_lines(tmp_path / "macro.csv", lines)
    rejected = Path(bring_in(export, "macro_signals", engine).rejected_file or "")
    rejected.write_text(rejected.read_text().replace("much", "89.7", 1))
    done = bring_in(rejected, "macro_signals", engine)
    assert (counts(done), done.left_out) == ((1, 1, 0, 0), [])
    # and when nothing is turned away any more, no file says so
    of_lines(export, [lines[0]])
    assert bring_in(export, "macro_signals", engine).rejected_file is None
    assert not rejected.exists()


def test_a_damaged_byte_costs_its_row_and_is_kept(engine: Engine, tmp_path: Path) -> None:
    export = tmp_path / "macro.csv"
    export.write_bytes(b"timestamp,exchange,metadata\n2026-11-19,NSE,\xff\n2026-11-20,NSE,x\n")
    done = bring_in(export, "macro_signals", engine)
    assert (counts(done), done.reasons) == ((2, 1, 0, 1), {"metadata is not UTF-8": [1, 2]})
    assert b"\xff" in Path(done.rejected_file or "").read_bytes()


def test_two_imports_at_once_store_each_row_once(engine: Engine, tmp_path: Path) -> None:
    exports = [written(tmp_path / f"{n}.csv", MACRO, macro(600)) for n in range(2)]
    done: list[Imported] = []
    threads = [
        threading.Thread(
            target=lambda path=path: done.append(bring_in(path, "macro_signals", engine))
        )
        for path in exports
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.stored or 0 for each in done) == 600
    assert stored(engine, "SELECT count(*), count(DISTINCT id) FROM macro_signals") == [(600, 600)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["timestamp,usdinr"], "has no column exchange; macro_signals needs timestamp, exchange"),
        (["timestamp;exchange"], "has no column timestamp, exchange"),
        (["timestamp,exchange,usdinr,usdinr"], "has the column usdinr twice"),
        ([], "has no header"),
    ],
)
def test_a_header_that_is_no_use_is_told_before_anything_is_stored(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    export = of_lines(tmp_path / "macro.csv", lines)
    with pytest.raises(InvalidInputError, match=said):
        bring_in(export, "macro_signals", None)


def test_a_check_stores_nothing_and_writes_nothing(tmp_path: Path) -> None:
    export = of_lines(tmp_path / "m.csv", ["timestamp,exchange", "2026-11-19,NSE", "never,NSE"])
    assert counts(bring_in(export, "macro_signals", None)) == (2, None, None, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
