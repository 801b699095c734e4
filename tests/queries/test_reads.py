"""The reads answer what was written, with times that are aware and None for unknown."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from db.ingest import write_snapshot
from db.market.clock import IST
from db.queries import chain, contract, features, pcr, recording, snapshots, summary
from tests.support.chains import at, rows_of, snapshot

DAY = at(0).date()
MINUTES = (0, 0.5, 1, 4, 5, 7, 12)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Two exchanges: the last snapshots of yesterday, then seven of today, OI growing by 10."""
    with engine.begin() as session:
        for exchange in ("NSE", "BSE"):
            write_snapshot(session, snapshot(at(370 - 24 * 60), 50, exchange=exchange))
            for number, minute in enumerate(MINUTES):
                oi = {26_000.0: (100 + 10 * number, 200), 26_050.0: (100, None)}
                write_snapshot(session, snapshot(at(minute), oi, exchange=exchange))
    return engine


def test_nothing_is_known_of_an_empty_database(engine: Engine) -> None:
    with engine.connect() as session:
        assert chain.latest_chain(session, "NSE") == ()
        assert chain.latest_chains(session) == ()
        assert chain.chain_as_of(session, "NSE", at(0)) == ()
        assert chain.oi_by_strike(session, "NSE") == ()
        assert summary.summary(session, "NSE") is None
        assert summary.max_pain(session, "NSE") is None
        assert snapshots.snapshot_at(session, "NSE", at(0)) is None
        assert snapshots.extent(session, "NSE") is None
        assert pcr.pcr_minutes(session, "NSE", at(0), at(60)) == ()
        assert contract.contract_day(session, "NSE", 26_000.0, "CE", DAY) == ()


def test_the_newest_chains_of_one_and_all_exchanges(filled: Engine) -> None:
    with filled.connect() as session:
        one = chain.latest_chain(session, "NSE")
        both = chain.latest_chains(session)
    assert [(row.strike, row.option_type) for row in one] == [
        (26_000.0, "CE"),
        (26_000.0, "PE"),
        (26_050.0, "CE"),
        (26_050.0, "PE"),
    ]
    assert {row.timestamp for row in one} == {at(12)}
    assert [row.exchange for row in both] == ["BSE"] * 4 + ["NSE"] * 4


@pytest.mark.parametrize(
    ("minute", "found"),
    [(0, 0), (3.9, 1), (4, 4), (4.1, 4), (600, 12), (-1, 370 - 24 * 60), (30 * 24 * 60, 12)],
)
def test_the_chain_as_of_an_instant_is_the_newest_then(
    filled: Engine, minute: float, found: float
) -> None:
    with filled.connect() as session:
        rows = chain.chain_as_of(session, "NSE", at(minute))
        assert {row.timestamp for row in rows} == {at(found)}
        assert snapshots.snapshot_at(session, "NSE", at(minute)).timestamp == at(found)


def test_before_the_first_snapshot_there_is_no_chain(filled: Engine) -> None:
    with filled.connect() as session:
        assert chain.chain_as_of(session, "NSE", at(-3 * 24 * 60)) == ()
        assert chain.chain_as_of(session, "NSE", datetime(1, 1, 1, tzinfo=IST)) == ()


def test_oi_by_strike_and_its_changes(filled: Engine) -> None:
    with filled.connect() as session:
        rows = chain.oi_by_strike(session, "NSE")
        changes = chain.oi_changes(session, "NSE")
    assert rows == ((26_000.0, 160, 200), (26_050.0, 100, None))
    # 12 − 5 min is the snapshot at 7, 12 − 10 the one at 1
    call = changes[0]
    assert (call.oi_change_5m, call.oi_change_10m, call.prev_close_oi) == (10, 40, 50)


def test_pcr_by_minute_takes_the_last_snapshot_of_each(filled: Engine) -> None:
    with filled.connect() as session:
        rows = pcr.pcr_minutes(session, "NSE", at(0), at(7))
    assert [row.bucket for row in rows] == [at(0), at(1), at(4), at(5)]
    assert [row.snapshots for row in rows] == [2, 1, 1, 1]
    assert rows[0].oi_ce == 210
    assert rows[0].pcr == pytest.approx(200 / 210)
    assert rows[0].underlying_close == 26_010.0
    assert rows[0].future_close == 26_100.0


def test_pcr_by_five_minutes_and_by_day(filled: Engine) -> None:
    with filled.connect() as session:
        fives = pcr.pcr_five_minutes(session, "NSE", at(0), at(60))
        days = pcr.pcr_days(session, "NSE", at(-10 * 24 * 60), at(24 * 60))
    assert [(row.bucket, row.snapshots) for row in fives] == [(at(0), 4), (at(5), 2), (at(10), 1)]
    assert [row.bucket.date() for row in days] == [DAY - timedelta(days=1), DAY]
    assert [row.snapshots for row in days] == [1, 7]
    assert days[1].oi_ce == 260


def test_a_window_holds_every_row_newest_first(filled: Engine) -> None:
    with filled.connect() as session:
        rows = snapshots.window(session, "NSE", at(4), at(7))
        moments = snapshots.instants(session, "NSE", at(4), at(7))
        extent = snapshots.extent(session, "NSE")
    assert [row.timestamp for row in rows] == [at(7)] * 4 + [at(5)] * 4 + [at(4)] * 4
    assert moments == (at(4), at(5))
    assert extent == (at(370 - 24 * 60), at(12))


def test_a_contracts_day_and_its_bars(filled: Engine) -> None:
    with filled.connect() as session:
        points = contract.contract_day(session, "NSE", 26_000.0, "CE", DAY)
        bars = contract.contract_five_minutes(session, "NSE", 26_000.0, "CE", at(0), at(60))
        days = contract.contract_days(session, "NSE", 26_000.0, "CE", at(-2880), at(1440))
    assert [point.timestamp for point in points] == [at(minute) for minute in MINUTES]
    assert [point.oi for point in points] == [100 + 10 * n for n in range(7)]
    assert (bars[0].oi_open, bars[0].oi_high, bars[0].oi_low, bars[0].oi_close) == (
        100,
        130,
        100,
        130,
    )
    assert [day.oi_close for day in days] == [50, 160]


def test_a_day_can_be_read_as_it_was_recorded(filled: Engine) -> None:
    with filled.connect() as session:
        moments = recording.day_instants(session, DAY)
        given = recording.stored_chain(session, "NSE", at(1))
    assert len(moments) == 2 * len(MINUTES)
    assert moments[0] == (at(0), "BSE")
    assert (given.timestamp, given.future_price, given.future_oi, given.vix) == (
        at(1),
        26_100.0,
        5_000,
        11.5,
    )
    rows = rows_of(given.options)
    assert [(row["strike"], row["option_type"], row["oi"]) for row in rows] == [
        (26_000.0, "CE", 120),
        (26_000.0, "PE", 200),
        (26_050.0, "CE", 100),
        (26_050.0, "PE", None),
    ]


def test_times_are_aware_whatever_the_sessions_time_zone(filled: Engine) -> None:
    with filled.connect() as session:
        session.execute(text("SET TimeZone = 'America/New_York'"))
        head = summary.summary(session, "NSE")
        rows = chain.chain_as_of(session, "NSE", head.timestamp)
    assert head.timestamp == at(12)
    assert head.timestamp.tzinfo is IST
    assert head.updated_at.tzinfo is not None
    assert len(rows) == 4


def test_a_naive_instant_is_refused(filled: Engine) -> None:
    with filled.connect() as session, pytest.raises(ValueError, match="no time zone"):
        chain.chain_as_of(session, "NSE", at(0).replace(tzinfo=None))


def test_archived_chains_are_read_like_any_other(filled: Engine) -> None:
    query = "SELECT * FROM option_chain_snapshots WHERE timestamp < '2026-11-20'"
    with filled.begin() as session:
        session.execute(text(f"INSERT INTO archive.option_chain_snapshots {query}"))
        session.execute(
            text("SELECT drop_chunks('option_chain_snapshots', '2026-11-20'::timestamp)")
        )
    with filled.connect() as session:
        rows = chain.chain_as_of(session, "NSE", at(-60))
        points = contract.contract_day(session, "NSE", 26_000.0, "CE", DAY - timedelta(days=1))
    assert {row.oi for row in rows} == {50}
    assert [point.oi for point in points] == [50]


def test_features_come_as_a_frame_of_doubles(filled: Engine) -> None:
    with filled.connect() as session:
        frame = features.features_frame(session, "NSE", at(0), at(5))
        none = features.features_frame(session, "NSE", at(50), at(60))
    assert list(frame.index) == [at(0), at(0.5), at(1), at(4), at(5)]
    assert str(frame.index.tz) == "Asia/Kolkata"
    assert {str(dtype) for dtype in frame.dtypes} == {"float64"}
    assert frame["vix"].tolist() == [11.5] * 5
    assert frame["gamma_flip_level"].isna().all()
    assert len(none) == 0
    assert list(none.columns) == list(frame.columns)
