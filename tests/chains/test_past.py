"""A past moment is the chain that was live then, wherever its rows lie by now."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from sqlalchemy import URL, Engine, text

from app.cache import Cache
from app.chains.columns import FIELDS
from app.chains.newest import read_state
from app.chains.past.moments import Moments
from app.chains.past.replay import Past
from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS
from app.chains.series.reading import Reading
from app.chains.state import Leg
from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from app.feeds.simulate.feed import snapshot_at
from db.errors import InvalidInputError, NotStoredError
from db.ingest import write_snapshot
from db.market.clock import IST
from tests.support.databases import DatabaseServer
from tests.support.recorded_days import (
    SEED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Recorded,
    at,
    recording,
)

# what is told of the newest chain alone
_NOT_KEPT = {"sequence", "updated_at"}


@pytest.fixture(scope="module")
def recorded(server: DatabaseServer) -> Iterator[Recorded]:
    """Days that no test changes."""
    with server.database("migrated") as url, recording(url) as made:
        yield made


@pytest.fixture
def changing(database: URL) -> Iterator[Recorded]:
    """Days of a test's own."""
    with recording(database) as made:
        yield made


def archived(engine: Engine, edition: str) -> None:
    """All days moved to the archive, and to its columnstore where there is one."""
    with engine.begin() as session:
        rows = "SELECT * FROM option_chain_snapshots"
        session.execute(text(f"INSERT INTO archive.option_chain_snapshots {rows}"))
        session.execute(
            text("SELECT drop_chunks('option_chain_snapshots', '2026-09-01'::timestamp)")
        )
    compressed(engine, edition, "archive.option_chain_snapshots")


def compressed(engine: Engine, edition: str, table: str) -> None:
    if edition != "community":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        for chunk in session.scalars(text(f"SELECT show_chunks('{table}')::text")).all():
            session.execute(text(f"CALL convert_to_columnstore('{chunk}')"))


def test_a_moment_is_the_chain_that_was_live_then(
    changing: Recorded, server: DatabaseServer
) -> None:
    demand_the_live_chains(changing)
    compressed(changing.engine, server.edition, "option_chain_snapshots")
    demand_the_live_chains(changing)
    archived(changing.engine, server.edition)
    demand_the_live_chains(changing)
    days = orjson.loads(changing.past.days("NSE").body)["days"]
    assert [day["archived"] for day in days] == [True] * 3


def _kept(leg: Leg) -> Leg:
    """Without when OI changed and the close, which have tests of their own."""
    left_out = {"oi_at", "prev_close_oi"}
    return tuple(value for name, value in zip(FIELDS, leg, strict=True) if name not in left_out)


def test_the_previous_close_is_that_of_the_same_contract(recorded: Recorded) -> None:
    past = recorded.past
    close = past.chain(past.moment("NSE", at(WEDNESDAY, "15:25:00"))).rows
    after = past.chain(past.moment("NSE", at(THURSDAY, "09:15:00"))).rows
    held = {row.symbol: row.oi for row in close}
    assert [row.prev_close_oi for row in after] == [held.get(row.symbol) for row in after]
    assert any(row.prev_close_oi for row in after)
    # the day before was of another expiry
    assert {row.prev_close_oi for row in close} == {None}


def test_open_interest_changed_last_where_two_stored_instants_differ(recorded: Recorded) -> None:
    past, day = recorded.past, [instant for instant in recorded.live if instant.date() == WEDNESDAY]
    seen = 0
    for instant in day:
        since = max(day[0], instant - timedelta(minutes=10))
        stored = [recorded.live[each] for each in day if since <= each <= instant]
        for row in past.chain(past.moment("NSE", instant)).rows:
            held = [(chain.by_symbol[row.symbol].oi, chain.head) for chain in stored]
            changes = [
                head.timestamp
                for (before, _), (now, head) in pairwise(held)
                if head is not None and now != before
            ]
            assert row.oi_at == (changes[-1] if changes else None)
            seen += bool(changes)
    assert seen


def test_what_a_foreign_writer_kept_of_a_moment_is_no_hindrance(changing: Recorded) -> None:
    instant = at(WEDNESDAY, "09:20:00")
    for payload in ('{"vix": NaN}', "[1]", '{"told": 1}', '{"told": {"underlying_at": 7}}', None):
        with changing.engine.begin() as session:
            session.execute(text("UPDATE ml_features SET feature_payload = :p"), {"p": payload})
        facts = changing.past.chain(changing.past.moment("NSE", instant)).facts
        assert (facts["source"], facts["underlying_future_symbol"]) == (None, None)
        assert facts["vix"] is not None


def demand_the_live_chains(recorded: Recorded) -> None:
    past = recorded.past
    for instant, live in recorded.live.items():
        found = past.chain(past.moment("NSE", instant))
        assert [_kept(leg) for leg in found.legs.values()] == [
            _kept(leg) for leg in live.legs.values()
        ]
        known = {name: value for name, value in live.facts.items() if name not in _NOT_KEPT}
        assert {name: found.facts[name] for name in known} == known


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("09:15:00", "09:15:00"),
        ("09:15:29.999999", "09:15:00"),
        ("09:44:59", "09:20:00"),
        ("15:24:59", "09:45:30"),
        ("23:59:59", "15:25:00"),
    ],
)
def test_a_moment_is_the_newest_one_by_then(recorded: Recorded, asked: str, found: str) -> None:
    moment = recorded.past.moment("NSE", at(WEDNESDAY, asked))
    assert moment.at == at(WEDNESDAY, found)


def test_between_two_days_stands_the_end_of_the_first(recorded: Recorded) -> None:
    moment = recorded.past.moment("NSE", at(WEDNESDAY, "09:14:59"))
    assert moment.at == at(TUESDAY, "15:39:30")


def test_each_moment_says_where_steps_lead(recorded: Recorded) -> None:
    ways = recorded.read(at(WEDNESDAY, "09:15:30"))["moment"]

    def told(*ends: tuple[date, str]) -> list[str]:
        return [at(*end).isoformat() for end in ends]

    assert ways["at"] == at(WEDNESDAY, "09:15:30").isoformat()
    assert ways["snapshot"] == told((WEDNESDAY, "09:15:00"), (WEDNESDAY, "09:20:00"))
    assert ways["minute"] == told((TUESDAY, "15:39:30"), (WEDNESDAY, "09:20:00"))
    assert ways["hour"] == told((TUESDAY, "15:39:30"), (WEDNESDAY, "15:25:00"))
    assert ways["day"] == told((TUESDAY, "15:00:00"), (THURSDAY, "09:15:00"))
    first, last = at(TUESDAY, "15:00:00"), at(THURSDAY, "09:18:00")
    assert recorded.read(first)["moment"]["snapshot"][0] is None
    assert recorded.read(last)["moment"]["snapshot"][1] is None


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("2026-08-04T14:59:59", "before 2026-08-04 15:00:00, so not of 2026-08-04 14:59:59"),
        ("2126-08-04T14:59:59", "is yet to come; the last stored moment is 2026-08-06 09:18:00"),
    ],
)
def test_a_moment_that_is_not_stored_is_refused_with_the_nearest(
    recorded: Recorded, asked: str, sentence: str
) -> None:
    with pytest.raises(NotStoredError, match=sentence):
        recorded.past.moment("NSE", datetime.fromisoformat(asked).replace(tzinfo=IST))


def test_what_is_not_there_is_said(recorded: Recorded) -> None:
    past = recorded.past
    with pytest.raises(NotStoredError, match="the nearest stored moment is 2026-08-06 09:18:00"):
        past.instants("NSE", date(2026, 8, 8))
    with pytest.raises(NotStoredError, match="the nearest stored moment is 2026-08-04 15:00:00"):
        past.instants("NSE", date(2026, 8, 1))
    with pytest.raises(NotStoredError, match="Nothing is stored of BSE yet"):
        past.moment("BSE", at(WEDNESDAY, "10:00:00"))
    with pytest.raises(InvalidInputError, match="Unknown exchange"):
        past.moment("NYSE", at(WEDNESDAY, "10:00:00"))


def test_a_run_of_frames_leads_to_the_same_chains_as_single_reads(recorded: Recorded) -> None:
    past = recorded.past
    run = orjson.loads(past.run(past.moment("NSE", at(TUESDAY, "15:00:00")), 60).body)
    assert len(run["frames"]) == len(recorded.live)
    shown: dict[str, Any] = {}
    for frame, instant in zip(run["frames"], recorded.live, strict=True):
        shown = applied(shown, frame)
        single = recorded.read(instant, past)
        assert shown["moment"] == single["moment"]
        assert shown["summary"] == single["summary"]
        assert sorted(shown["legs"]) == sorted(single["legs"], key=lambda leg: leg[:2])


def applied(shown: dict[str, Any], frame: dict[str, Any]) -> dict[str, Any]:
    """What a page shows after a frame."""
    if frame["kind"] == "full":
        return frame
    assert frame["base"] == shown["sequence"]
    legs = {tuple(leg[:2]): list(leg) for leg in shown["legs"]}
    for key in frame["gone"]:
        del legs[tuple(key)]
    for strike, side, *changes in frame["cells"]:
        for place, value in zip(changes[::2], changes[1::2], strict=True):
            legs[strike, side][place] = value
    legs |= {tuple(leg[:2]): leg for leg in frame["legs"]}
    return {
        **shown,
        "sequence": frame["sequence"],
        "moment": frame["moment"],
        "summary": shown["summary"] | frame["summary"],
        "legs": list(legs.values()),
    }


def test_days_moments_and_expiries_are_listed(recorded: Recorded) -> None:
    days = orjson.loads(recorded.past.days("NSE").body)["days"]
    assert [(day["day"], day["snapshots"], day["archived"]) for day in days] == [
        ("2026-08-04", 2, False),
        ("2026-08-05", 6, False),
        ("2026-08-06", 2, False),
    ]
    assert days[1]["last"] == at(WEDNESDAY, "15:25:00").isoformat()
    day = orjson.loads(recorded.past.instants("NSE", WEDNESDAY).body)
    assert day["instants"][:2] == [33_300_000, 33_330_000]
    hours = [day["opens"], *day["auction"], day["closes"]]
    assert [ms // 60_000 for ms in hours] == [9 * 60 + 15, 15 * 60 + 15, 15 * 60 + 35, 15 * 60 + 40]
    expiries = orjson.loads(recorded.past.expiries("NSE_MONTHLY").body)["expiries"]
    assert [(e["expiry"], e["exchange"], e["is_current"]) for e in expiries] == [
        ("2026-08-04", "NSE", False),
        ("2026-08-11", "NSE", True),
    ]
    assert expiries[0]["last"] == at(TUESDAY, "15:39:30").isoformat()


def test_a_day_that_is_replayed_grows_and_hides_none_of_the_later_ones(changing: Recorded) -> None:
    now = at(WEDNESDAY, "15:24:00")
    past = Past(changing, Cache(), Moments(changing, Cache(), lambda _: now))
    days = orjson.loads(past.days("NSE").body)["days"]
    assert [day["day"] for day in days] == ["2026-08-04", "2026-08-05", "2026-08-06"]
    assert not past.moment("NSE", now).is_closed
    assert past.moment("NSE", at(TUESDAY, "15:39:30")).is_closed


def test_today_grows_while_it_is_looked_at(changing: Recorded) -> None:
    now = at(WEDNESDAY, "15:25:30")
    past = Past(changing, Cache(), Moments(changing, Cache(), lambda _: now))
    next_day = at(THURSDAY, "09:15:00").isoformat()
    assert changing.read(now, past)["moment"]["snapshot"][1] == next_day
    given = snapshot_at(SEED, "NSE", now)
    with changing.engine.begin() as connection:
        write_snapshot(connection, enriched(given, Memory()))
    fresh = Past(
        changing, Cache(), Moments(changing, Cache(), lambda _: now + timedelta(seconds=30))
    )
    assert (
        changing.read(at(WEDNESDAY, "15:25:00"), fresh)["moment"]["snapshot"][1] == now.isoformat()
    )


def test_in_the_auction_gamma_is_that_at_the_index_which_the_forward_implies(
    changing: Recorded,
) -> None:
    memory, key = Memory(), "BANKNIFTY_MONTHLY"
    for clock in ("15:14:00", "15:16:00"):
        given = snapshot_at(SEED, key, at(WEDNESDAY, clock))
        with changing.engine.begin() as connection:
            write_snapshot(connection, enriched(given, memory))
        memory.remember(moment_of(given))
    with changing.engine.connect() as connection:
        state = read_state(connection, key)
    rows = changing.past.chain(changing.past.moment(key, at(WEDNESDAY, "15:16:00"))).rows
    for asked in (Asked(), Asked(at=at(WEDNESDAY, "15:16:00"))):
        found = KINDS["gamma"].make(Reading(changing, state, asked)).facts
        # the carry of three weeks is more than 200 points
        assert found["spot"] == pytest.approx(given.underlying_price, abs=60)
        units = sum(
            (row.gamma or 0) * (row.oi or 0) * (1 if row.option_type == "CE" else -1)
            for row in rows
        )
        assert found["net_total"] == pytest.approx(units * found["spot"] ** 2 / 100, rel=1e-3)
    assert state.chain.head is not None
    assert state.chain.head.atm_strike == pytest.approx(given.underlying_price, abs=110)


@pytest.mark.parametrize("known", [True, False], ids=["stands still", "unknown"])
def test_the_money_is_where_it_was_while_the_index_gave_way(
    changing: Recorded, known: bool
) -> None:
    memory, past = Memory(), changing.past
    for clock in ("15:14:00", "15:16:00"):
        given = snapshot_at(SEED, "BSE", at(TUESDAY, clock))
        if clock > "15:15":
            # derivatives have gone on by three strikes since the index stood
            options = replace(given.options, strike=given.options.strike + 300.0)
            index = given.underlying_price if known else None
            given = replace(given, options=options, underlying_price=index)
        with changing.engine.begin() as connection:
            write_snapshot(connection, enriched(given, memory))
        memory.remember(moment_of(given))
    with changing.engine.begin() as connection:
        live = read_state(connection, "BSE").chain
        # what is corrected, or loaded at once, has its totals from the rows
        corrected = "UPDATE option_chain_snapshots SET volume = volume WHERE exchange = 'BSE'"
        connection.execute(text(corrected))
    found = past.chain(past.moment("BSE", at(TUESDAY, "15:16:00")))
    names = ("atm_strike", "straddle", "atm_iv", "itm_ce_oi_change", "itm_pe_oi_change")
    assert live.facts["atm_strike"] is not None
    assert {name: found.facts[name] for name in names} == {name: live.facts[name] for name in names}
    assert [one.position for one in found.contracts] == [one.position for one in live.contracts]
