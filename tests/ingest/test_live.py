"""What the collector writes is stored, shown at the live edge and announced."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from db.ingest import write_live_edge, write_snapshot
from db.notices import announce
from db.queries.chain import chain_at, latest_chain
from db.queries.snapshots import snapshot_at
from db.queries.summary import summary
from tests.ingest.writers import write
from tests.support.chains import EXPIRY, at, enriched_columns, option, rows_of, snapshot
from tests.support.databases import connection


def test_a_snapshot_is_in_history_and_at_the_live_edge(engine: Engine) -> None:
    given = snapshot(at(0), {25_950.0: (10, 40), 26_000.0: (20, 20), 26_050.0: (30, None)})
    write(engine, given)

    with engine.connect() as session:
        stored = chain_at(session, "NSE", given.timestamp)
        shown = latest_chain(session, "NSE")
    by_key = {(row["strike"], row["option_type"]): row for row in rows_of(given.options)}
    assert len(stored) == len(shown) == 6
    for row in (*stored, *shown):
        wanted = by_key[row.strike, row.option_type]
        assert row.timestamp == given.timestamp
        for name in wanted.keys() & set(row._fields):
            assert getattr(row, name) == wanted[name], name


def test_changes_that_the_writer_gives_are_shown_as_given(engine: Engine) -> None:
    changes = {"pct_change_3m": -0.1, "oi_change_3m": -1, "oi_change_5m": 10**12}
    write(engine, replace(snapshot(at(0), **changes), has_changes=True))
    with engine.connect() as session:
        row = latest_chain(session, "NSE")[0]
    assert {name: getattr(row, name) for name in changes} == changes
    assert (row.pct_change_5m, row.oi_change_10m) == (None, None)


def test_the_head_line_sums_up_the_chain(engine: Engine) -> None:
    oi = {25_950.0: (10, 40), 26_000.0: (20, 20), 26_050.0: (30, None)}
    write(engine, snapshot(at(0), oi))
    with engine.connect() as session:
        head = summary(session, "NSE")
    assert (head.oi_ce, head.oi_pe, head.contracts) == (60, 60, 6)
    assert head.pcr == 1.0
    # payouts: 25,950 → 20·50; 26,000 → 10·50; 26,050 → 10·100 + 20·50
    assert head.max_pain == 26_000.0
    assert (head.atm_strike, head.straddle, head.atm_iv) == (26_000.0, 200.0, 12.0)
    assert (head.forward, head.atm_iv_forward) == (26_040.25, 12.5)
    assert (head.future_price, head.future_oi, head.vix) == (26_100.0, 5_000, 11.5)
    assert (head.future_symbol, head.itm_ce_breadth) == ("NIFTY26NOVFUT", 0.4)


def test_a_chain_without_oi_has_no_ratio_and_no_max_pain(engine: Engine) -> None:
    write(engine, snapshot(at(0), {26_000.0: (None, None), 26_050.0: (0, 5)}))
    with engine.connect() as session:
        head = summary(session, "NSE")
    assert head.pcr is None
    write(engine, snapshot(at(1), {26_000.0: (None, None)}))
    with engine.connect() as session:
        head = summary(session, "NSE")
    assert (head.oi_ce, head.oi_pe, head.pcr, head.max_pain) == (None, None, None, None)


def test_oi_changes_count_from_the_newest_snapshot_that_is_old_enough(engine: Engine) -> None:
    for minute, oi in ((0, 100), (6.5, 130), (7.5, 150), (10, 400)):
        write(engine, snapshot(at(minute), oi))
    with engine.connect() as session:
        row = latest_chain(session, "NSE")[0]
    # 7.5 is 2.5 min old; 6.5 serves 3 min; 5 min would need 0…5, where 0 is just old enough
    assert row.oi_change_3m == 400 - 130
    assert row.oi_change_5m == 400 - 100
    assert row.oi_change_10m == 400 - 100
    assert row.oi_change_15m is None
    assert row.day_open_oi == 100
    assert row.prev_close_oi is None


def test_changes_never_reach_into_the_day_before(engine: Engine) -> None:
    write(engine, snapshot(at(-24 * 60 + 374), 70), snapshot(at(0), 100), snapshot(at(1), 101))
    with engine.connect() as session:
        row = latest_chain(session, "NSE")[0]
    assert row.oi_change_3m is None
    assert (row.day_open_oi, row.prev_close_oi) == (100, 70)


def test_the_close_of_a_contract_that_has_expired_is_no_baseline(engine: Engine) -> None:
    following = EXPIRY + timedelta(days=7)
    write(engine, snapshot(at(-24 * 60 + 374), 70), snapshot(at(0), 100, expiry=following))
    with engine.connect() as session:
        rows = latest_chain(session, "NSE")
    assert {(row.day_open_oi, row.prev_close_oi) for row in rows} == {(100, None)}


def test_the_live_edge_moves_between_snapshots_without_touching_history(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100), snapshot(at(3), 110))
    live = snapshot(at(3.5), 150, features={})
    with engine.begin() as session:
        assert write_live_edge(session, live)
    with engine.connect() as session:
        head = summary(session, "NSE")
        rows = latest_chain(session, "NSE")
        newest = snapshot_at(session, "NSE", at(60))
    assert head.timestamp == live.timestamp
    assert {(row.oi, row.oi_change_3m) for row in rows} == {(150, 50)}
    assert newest.timestamp == at(3)
    assert head.itm_ce_breadth == 0.4, "features of the last snapshot stay"


def oi_times(engine: Engine) -> set[object]:
    with engine.connect() as session:
        return {row.oi_at for row in latest_chain(session, "NSE")}


def test_the_time_of_open_interest_is_that_of_its_last_change(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100))
    assert oi_times(engine) == {None}, "nobody has seen it change yet"
    write(engine, snapshot(at(3), 110))
    with engine.begin() as session:
        write_live_edge(session, snapshot(at(3.5), 110))
    write(engine, snapshot(at(4), 110))
    assert oi_times(engine) == {at(3)}
    with engine.begin() as session:
        write_live_edge(session, snapshot(at(4.5), 90))
    write(engine, snapshot(at(5), 90))
    assert oi_times(engine) == {at(4.5)}


def test_another_contract_at_the_same_strike_begins_without_a_time_of_change(
    engine: Engine,
) -> None:
    write(engine, snapshot(at(0), 100), snapshot(at(1), 110))
    write(engine, snapshot(at(2), 50, expiry=EXPIRY + timedelta(days=7)))
    assert oi_times(engine) == {None}
    write(engine, snapshot(at(3), {26_000.0: (None, None)}), snapshot(at(4), 60))
    assert oi_times(engine) == {None}, "what it was before is not known"


def test_a_change_that_reaches_history_by_sql_has_its_time(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100))
    again = text(
        """
        INSERT INTO option_chain_snapshots (
            "timestamp", exchange, strike, option_type, symbol, token, oi, expiry
        )
        SELECT
            "timestamp" + INTERVAL '1 min', exchange, strike, option_type, symbol, token,
            oi + CASE option_type WHEN 'CE' THEN 5 ELSE 0 END, expiry
        FROM option_chain_snapshots
        """
    )
    with engine.begin() as session:
        session.execute(again)
    assert oi_times(engine) == {at(1), None}


def test_an_older_live_edge_is_refused(engine: Engine) -> None:
    write(engine, snapshot(at(3), 110))
    with engine.begin() as session:
        assert not write_live_edge(session, snapshot(at(2), 90))
    with engine.connect() as session:
        assert summary(session, "NSE").timestamp == at(3)


def test_a_late_snapshot_is_stored_and_changes_follow_it(engine: Engine) -> None:
    write(engine, snapshot(at(10), 400))
    with engine.begin() as session:
        assert not write_snapshot(session, snapshot(at(6), 100))
    with engine.connect() as session:
        assert summary(session, "NSE").timestamp == at(10)
        assert snapshot_at(session, "NSE", at(7)).timestamp == at(6)
        row = latest_chain(session, "NSE")[0]
    assert (row.oi_change_3m, row.day_open_oi, row.delta) == (300, 100, 0.5)


def test_the_same_snapshot_written_again_replaces_the_first(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100), snapshot(at(0), 120))
    with engine.connect() as session:
        assert {row.oi for row in chain_at(session, "NSE", at(0))} == {120}
        assert summary(session, "NSE").oi_ce == 360


def test_contracts_that_are_no_longer_listed_leave_the_newest_chain(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100))
    write(engine, snapshot(at(1), 100, strikes=(26_000.0, 26_100.0)))
    with engine.connect() as session:
        assert {row.strike for row in latest_chain(session, "NSE")} == {26_000.0, 26_100.0}
        assert summary(session, "NSE").contracts == 4


def test_several_exchanges_fit_one_transaction(engine: Engine) -> None:
    with engine.begin() as session:
        for exchange in ("NSE", "BSE"):
            write_snapshot(session, snapshot(at(0), 100, exchange=exchange))
    with engine.connect() as session:
        assert summary(session, "NSE").contracts == summary(session, "BSE").contracts == 6


def test_nothing_is_left_of_a_transaction_that_failed(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100))
    with engine.connect() as session:
        write_snapshot(session, snapshot(at(1), 200))
        session.rollback()
    with engine.connect() as session:
        assert summary(session, "NSE").timestamp == at(0)
        assert session.scalar(text("SELECT count(*) FROM snapshot_touched")) == 0


def test_the_stage_of_a_chain_has_no_table_beside_it_to_empty(engine: Engine) -> None:
    beside = "SELECT reltoastrelid FROM pg_class WHERE oid = 'pg_temp.staged_chain'::regclass"
    with engine.connect() as session:
        if session.scalar(text("SELECT current_setting('server_version_num')::int")) < 160000:
            pytest.skip("a table's creation names no storage before PostgreSQL 16")
        assert write_snapshot(session, snapshot(at(0), {26_000.0: (20, 20)}))
        assert session.scalar(text(beside)) == 0


def test_an_empty_chain_writes_nothing(engine: Engine) -> None:
    with engine.begin() as session:
        assert not write_snapshot(session, snapshot(at(0), {}))
        assert not write_live_edge(session, snapshot(at(0), {}))
        assert summary(session, "NSE") is None


def test_features_without_a_column_are_kept_in_the_payload(engine: Engine) -> None:
    write(engine, snapshot(at(0)))
    with engine.connect() as session:
        row = session.execute(
            text(
                """
                SELECT feature_payload::json ->> 'novel' AS novel, itm_ce_breadth, vix,
                       underlying_future_price
                FROM ml_features
                """
            )
        ).one()
    assert row == ("1.5", 0.4, 11.5, 26_100.0)


def test_the_last_known_state_never_goes_back(engine: Engine) -> None:
    write(engine, snapshot(at(5)), snapshot(at(4)))
    with engine.connect() as session:
        known = session.scalar(text("SELECT last_update_time FROM exchange_metadata"))
    assert known == at(5).replace(tzinfo=None)


def test_every_commit_is_announced_with_a_growing_sequence(engine: Engine) -> None:
    with connection(engine.url) as listener:
        listener.execute("LISTEN oi_live")
        write(engine, snapshot(at(0)), snapshot(at(1)))
        payloads = [note.payload for note in listener.notifies(timeout=5, stop_after=2)]
    exchanges, sequences = zip(*(payload.split(":") for payload in payloads), strict=True)
    assert exchanges == ("NSE", "NSE")
    assert int(sequences[0]) < int(sequences[1])


def test_a_name_beyond_what_an_announcement_takes_stops_no_writer(engine: Engine) -> None:
    # it is packed for the keys' sake: an index takes 2,704 bytes
    name = "N" * 9000
    with engine.begin() as session:
        store = text(
            """
            INSERT INTO option_chain_snapshots
                (timestamp, exchange, strike, option_type, symbol, oi, token)
            VALUES (:at, :name, 26000, 'CE', 'S', 5, 1)
            """
        )
        session.execute(store, {"at": at(0).replace(tzinfo=None), "name": name})
    with engine.begin() as session:
        head = summary(session, name)
        session.execute(text("DELETE FROM option_chain_snapshots"))
    assert head is not None
    assert head.oi_ce == 5


def test_long_news_is_announced_by_its_beginning(engine: Engine) -> None:
    with connection(engine.url) as listener, engine.begin() as session:
        listener.execute("LISTEN oi_notice")
        announce(session, "objectives", None, sentence="₹" * 9000, burning=1)
        session.commit()
        (heard,) = listener.notifies(timeout=5, stop_after=1)
    assert "₹" * 400 in heard.payload


def test_unknown_values_stay_unknown(engine: Engine) -> None:
    bare = option(26_000.0, "CE", None, ltp=None, iv=None, iv_forward=None, volume=None, delta=None)
    given = snapshot(at(0), {})
    write(engine, type(given)(exchange="NSE", timestamp=at(0), options=enriched_columns([bare])))
    with engine.connect() as session:
        (row,) = latest_chain(session, "NSE")
        head = summary(session, "NSE")
    assert (row.oi, row.ltp, row.iv, row.iv_forward, row.volume, row.delta) == (None,) * 6
    assert (head.oi_ce, head.straddle, head.future_price, head.vix) == (None,) * 4
    assert (head.forward, head.atm_iv_forward) == (None, None)


def test_a_lost_connection_is_an_unavailable_database(engine: Engine) -> None:
    from db.errors import DatabaseUnavailableError

    with engine.connect() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with connection(engine.url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(DatabaseUnavailableError):
            write_snapshot(session, snapshot(at(0)))


def test_rows_that_break_a_rule_break_the_transaction(engine: Engine) -> None:
    nameless = option(26_000.0, "CE", 1, symbol=None)
    given = snapshot(at(0), {})
    broken = type(given)(exchange="NSE", timestamp=at(0), options=enriched_columns([nameless]))
    with pytest.raises(IntegrityError), engine.begin() as session:
        write_snapshot(session, broken)
