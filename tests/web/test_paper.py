"""Paper trading over HTTP, on a replayed chain in a real database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL
from werkzeug.test import TestResponse

from app.analytics.black_scholes import YEAR_S, greeks
from app.desk.paper.reading import EngineBooks, StoredQuotes
from app.desk.paper.resting import look
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.calendar import expiry_instant
from db.market.clock import IST, market_now
from db.market.ticks import EnrichedSnapshot
from db.notices import CHANNEL
from db.settings import Settings
from tests.support.chains import EXPIRY, at, snapshot
from tests.support.databases import connection
from tests.support.waiting import PATIENCE_S
from tests.web import USERNAME
from tests.web.conftest import MakeApp, signed_in

Quoted = Callable[..., None]
Leg = dict[str, Any]

LOT = 65
CALL, PUT = "N26000CE", "N26000PE"
SHUT = 386.0


@pytest.fixture
def quoted(database: URL) -> Iterator[Quoted]:
    """Stores a replayed chain with the given quotes."""
    engine = engine_for(database)

    def store(minutes: float = 60, bid: float | None = 99.0, ask: float | None = 101.0) -> None:
        chain = snapshot(at(minutes), best_bid=bid, best_ask=ask)
        write(replace(chain, source="replayed"))

    def write(chain: EnrichedSnapshot) -> None:
        with engine.begin() as session:
            write_snapshot(session, chain)

    yield store
    engine.dispose()


def leg(symbol: str = CALL, side: str = "B", lots: int = 1, **known: Any) -> Leg:
    return {"exchange": "NSE", "symbol": symbol, "side": side, "lots": lots, **known}


def order(client: FlaskClient, key: str, *legs: Leg) -> TestResponse:
    return client.post("/api/paper/orders", json={"key": key, "legs": list(legs) or [leg()]})


def account(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/api/paper")
    assert found.status_code == 200
    return dict(found.json)


def rows(database: URL, table: str) -> int:
    with connection(database) as session:
        return int(session.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # type: ignore[index]  # noqa: S608


def test_without_orders_an_account_is_empty(client: FlaskClient) -> None:
    found = account(client)
    assert (found["positions"], found["days"], found["orders"]) == ([], [], [])
    assert (found["mtm"], found["realised_today"]) == (0.0, 0.0)


def test_legs_are_filled_together_at_the_quotes_with_the_reason(
    client: FlaskClient, quoted: Quoted
) -> None:
    quoted()
    answer = order(client, "straddle-1", leg(CALL, "B", 2), leg(PUT, "S", 1))
    assert answer.status_code == 201
    bought, sold = answer.json["order"]["fills"]
    assert (bought["symbol"], bought["units"], bought["price"]) == (CALL, 2 * LOT, 101.0)
    assert bought["reason"].startswith("bought at ask 101.00 of 10:15:00 (replayed)")
    assert (sold["symbol"], sold["units"], sold["price"]) == (PUT, -LOT, 99.0)

    held = {each["symbol"]: each for each in account(client)["positions"]}
    assert (held[CALL]["lots"], held[CALL]["exit_price"], held[CALL]["mtm"]) == (2.0, 99.0, -260.0)
    assert (held[PUT]["lots"], held[PUT]["exit_price"], held[PUT]["mtm"]) == (-1.0, 101.0, -130.0)
    # by Black's formula on the forward of 26 040.25 at 12.5 %, as the page and payoffs have it
    years = (expiry_instant(EXPIRY) - at(60)).total_seconds() / YEAR_S
    one = greeks(True, 26_040.25, 26_000.0, years, 0.125, rate=0.0)
    for name in ("delta", "gamma", "theta", "vega"):
        told = held[CALL]["greeks"][name]
        assert told == pytest.approx(2 * LOT * float(getattr(one, name)), rel=1e-6)


def test_one_leg_that_cannot_be_filled_leaves_none(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    answer = order(client, "with-a-limit", leg(CALL), leg(PUT, limit=100.5))
    assert answer.status_code == 409
    assert answer.json["error"] == "N26000PE stands at ask 101.00, above the limit of 100.50."
    assert (rows(database, "paper_orders"), rows(database, "paper_fills")) == (0, 0)


def test_the_same_order_twice_is_one(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    first = order(client, "double-click")
    quoted(minutes=61, bid=109.0, ask=111.0)
    again = order(client, "double-click")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["repeated"] is True
    assert again.json["order"] == first.json["order"]
    assert account(client)["positions"][0]["units"] == LOT
    other = order(client, "double-click", leg(PUT))
    assert (other.status_code, "another order" in other.json["error"]) == (409, True)


def test_other_pages_of_the_user_hear_of_an_order(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    with connection(database) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        placed = order(client, "announced").json["order"]["id"]
        order(client, "announced")
        heard = [note.payload for note in listening.notifies(timeout=PATIENCE_S, stop_after=1)]
        heard += [note.payload for note in listening.notifies(timeout=0)]
    assert [orjson.loads(each) for each in heard] == [
        {"topic": "paper", "user": USERNAME, "news": {"order": placed}}
    ]


def test_two_tabs_at_once_buy_once(
    settings: Settings, make_app: MakeApp, quoted: Quoted, database: URL
) -> None:
    quoted()
    tabs = [signed_in(make_app(settings)) for _ in range(2)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = list(pool.map(lambda tab: order(tab, "two-tabs-1"), tabs))
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert rows(database, "paper_fills") == 1


def test_orders_of_two_tabs_at_once_are_both_counted(
    settings: Settings, make_app: MakeApp, quoted: Quoted
) -> None:
    quoted()
    tabs = [signed_in(make_app(settings)) for _ in range(2)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        keys = [(tab, f"order-of-tab-{i}-{n}") for n in range(4) for i, tab in enumerate(tabs)]
        answers = list(pool.map(lambda one: order(*one), keys))
    assert {answer.status_code for answer in answers} == {201}
    assert account(tabs[0])["positions"][0]["units"] == 8 * LOT


def test_closing_realises_and_leaves_nothing_open(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    order(client, "straddle-1", leg(CALL), leg(PUT))
    quoted(minutes=61, bid=109.0, ask=111.0)
    held = account(client)["positions"]
    one = client.post("/api/paper/close", json={"key": "close-one-1", "position_id": held[0]["id"]})
    assert one.json["order"]["fills"][0]["realised"] == (109.0 - 101.0) * LOT
    rest = client.post("/api/paper/close", json={"key": "close-all-1", "all": True})
    assert (rest.status_code, rest.json["refused"]) == (201, {})
    found = account(client)
    assert found["positions"] == []
    earned = 2 * 8.0 * LOT
    dealt = {"day": "2026-11-20", "fills": 4, "realised": earned, "open": 0.0, "total": earned}
    # 2 × 101 bought and 2 × 109 sold a unit, in four orders of 20 each
    bought, sold = 2 * 101.0 * LOT, 2 * 109.0 * LOT
    fees = (bought + sold) * (0.0003553 + 0.000001)
    cost = sold * 0.0015 + bought * 0.00003 + fees + 80.0 + 0.18 * (80.0 + fees)
    costly = {"charges": round(cost, 2), "net": round(earned - cost, 2)}
    assert found["days"] == [dealt | costly]
    # the replay's day is the market's, whatever the date is here
    assert found["realised_today"] == earned
    assert [each["kind"] for each in found["orders"]] == ["close", "close", "order"]
    again = client.post("/api/paper/close", json={"key": "close-all-1", "all": True})
    assert (again.status_code, again.json["repeated"]) == (200, True)
    nothing = client.post("/api/paper/close", json={"key": "close-all-2", "all": True})
    assert (nothing.status_code, nothing.json["error"]) == (409, "Nothing is open.")


def test_today_is_the_day_that_is_replayed(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    order(client, "two-lots-1", leg(lots=2))
    quoted(minutes=61, bid=109.0, ask=111.0)
    order(client, "one-back-1", leg(side="S"))
    found = account(client)
    assert (found["realised_today"], found["mtm"]) == (8.0 * LOT, 8.0 * LOT)
    assert found["at"] == "2026-11-20T10:16:00+05:30"
    quoted(minutes=60 + 3 * 24 * 60, bid=109.0, ask=111.0)
    assert account(client)["realised_today"] == 0.0


def test_what_cannot_be_closed_is_named_and_stays(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    order(client, "only-one-1")
    quoted(minutes=61, bid=None)
    answer = client.post("/api/paper/close", json={"key": "close-all-1", "all": True})
    assert answer.status_code == 409
    assert "not quoted on both sides: bid unknown, ask 101.00" in answer.json["error"]
    found = account(client)
    assert (found["positions"][0]["mtm"], found["mtm"]) == (None, None)


def test_what_cannot_be_traded_is_refused(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    answer = order(client, "no-contract", leg("NIFTY"))
    assert (answer.status_code, answer.json["error"]) == (
        400,
        "The chain of NSE has no contract NIFTY.",
    )
    quoted(SHUT)
    answer = order(client, "after-hours")
    assert (answer.status_code, answer.json["error"]) == (
        409,
        "The market is closed at 15:41 on 20 November 2026.",
    )


def test_a_chain_that_has_gone_stale_fills_nothing(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    with connection(database) as session:
        session.execute("UPDATE chain_summary SET updated_at = now() - INTERVAL '46 s'")
    answer = order(client, "stale-chain")
    assert answer.status_code == 409
    assert answer.json["error"] == "The quote of N26000CE is stale: the chain is of 10:15:00."


def test_an_expired_position_is_settled_by_the_index_at_its_close(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    order(client, "to-expiry-1", leg("N25950CE"), leg(PUT, "S"))
    close = at(0).replace(day=EXPIRY.day, hour=15, minute=36)
    engine = engine_for(database)
    for moment in (close, close + timedelta(minutes=5)):
        chain = replace(snapshot(moment, underlying_price=25_990.0), source="replayed")
        with engine.begin() as session:
            write_snapshot(session, chain)
    engine.dispose()

    found = account(client)
    assert found["positions"] == []
    settled = [each for each in found["orders"] if each["kind"] == "settlement"]
    fills = {each["fills"][0]["symbol"]: each["fills"][0] for each in settled}
    assert (fills["N25950CE"]["price"], fills[PUT]["price"]) == (40.0, 10.0)
    assert fills[PUT]["reason"] == "expired: settled by the index at 25990.00 of 15:36:00"
    realised = (40.0 - 101.0) * LOT + (99.0 - 10.0) * LOT
    last, first = found["days"][0], found["days"][-1]
    assert (last["day"], last["realised"], last["fills"]) == (EXPIRY.isoformat(), realised, 2)
    # who holds pays the tax on what is exercised, who wrote nothing
    assert last["charges"] == round(40.0 * LOT * 0.0015, 2)
    # bought at the ask and sold at the bid: what stood open at the first day's end had lost that
    assert (first["open"], first["total"]) == (-4.0 * LOT, -4.0 * LOT)
    # looked at again, nothing is settled twice
    assert account(client)["orders"] == found["orders"]


def test_an_expired_position_waits_while_the_close_is_not_stored(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    order(client, "to-expiry-1")
    with connection(database) as session:
        session.execute(
            "UPDATE paper_positions SET expiry = '2026-11-19'; "
            "UPDATE option_chain_latest SET expiry = '2026-11-19'"
        )
    (held,) = account(client)["positions"]
    assert (held["has_expired"], held["units"]) == (True, LOT)


def test_lots_are_those_of_the_contract_as_it_was_listed(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    with connection(database) as session:
        session.execute(
            "INSERT INTO instruments VALUES ('NFO', %s, '2026-11-01', '2026-11-26', 1, 'NIFTY', "
            "'CE', %s, 26000, 75, 0.05)",
            [CALL, EXPIRY],
        )
    assert order(client, "listed-lot-1").json["order"]["fills"][0]["units"] == 75


def test_a_payoff_is_of_an_order_or_of_what_is_held(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    asked = f"NSE:{CALL}:S:1,NSE:{PUT}:S:1"
    found = client.get("/api/paper/payoff", query_string={"legs": asked}).json
    assert (found["underlying"], found["expiry"]) == ("NIFTY", EXPIRY.isoformat())
    assert (found["most_gain"], found["most_loss"]) == (2 * 99.0 * LOT, None)
    assert (found["gain_is_unlimited"], found["loss_is_unlimited"]) == (False, True)
    assert found["breakevens"] == [25_802.0, 26_198.0]
    assert len(found["levels"]) == len(found["at_expiry"]) == len(found["now"])
    margin = found["margin_estimate"]
    assert margin["total"] == pytest.approx(margin["scan"] + margin["exposure"])

    assert client.get("/api/paper/payoff?underlying=NIFTY").status_code == 409
    order(client, "straddle-1", leg(CALL, "S"), leg(PUT, "S"))
    held = client.get("/api/paper/payoff?underlying=NIFTY").json
    assert held["breakevens"] == found["breakevens"]
    # what an order will cost is what it has cost; that of what is held has been paid
    sold = 2 * 99.0 * LOT
    cost = sold * 0.0015 + 40.0 + sold * 0.0003563 + 0.18 * (40.0 + sold * 0.0003563)
    assert found["charges"] == account(client)["days"][0]["charges"] == round(cost, 2)
    assert held["charges"] is None
    (risk,) = account(client)["risk"]
    assert risk["underlying"] == "NIFTY"
    assert risk["margin_estimate"] == held["margin_estimate"]


def test_senseless_requests_are_refused_with_a_sentence(client: FlaskClient) -> None:
    for legs in ("", "NSE", "NSE:X:B:many", "NSE:X:B:1:1", "NSE:X:B:999999999"):
        answer = client.get("/api/paper/payoff", query_string={"legs": legs})
        assert (answer.status_code, bool(answer.json["error"])) == (400, True), legs
    for route in ("/api/paper/orders", "/api/paper/close", "/api/place_order"):
        for body in ("", "[]", "{", "null", '{"key": "' + "k" * 70_000 + '"}'):
            answer = client.post(route, data=body, content_type="application/json")
            assert answer.status_code in (400, 413), (route, body)
            assert answer.json["error"]
    for cancel in ({}, {"order_id": "1"}, {"order_id": 2**63}, {"order_id": 1, "all": True}):
        assert client.post("/api/paper/cancel", json=cancel).status_code == 400, cancel
    for close in ({}, {"all": False}, {"all": True, "position_id": 1}, {"position_id": "1"}):
        answer = client.post("/api/paper/close", json={"key": "close-what", **close})
        assert answer.status_code == 400, close
    for exchange in ("NYSE", "nse"):
        answer = client.get(f"/api/positions/{exchange}")
        assert (answer.status_code, "known are NSE" in answer.json["error"]) == (400, True)


def resting(client: FlaskClient) -> int:
    """An order to buy a call and a put at 95 each, which rests; its id."""
    legs = [leg(CALL, limit=95.0), leg(PUT, limit=95.0)]
    answer = client.post(
        "/api/paper/orders", json={"key": "rests-at-95", "legs": legs, "rests": True}
    )
    assert (answer.status_code, answer.json["order"]["status"]) == (201, "resting")
    return int(answer.json["order"]["id"])


def looked(database: URL) -> int:
    """What a collector does once a second; how many orders that ended."""
    engine = engine_for(database)
    try:
        return look(EngineBooks(engine), StoredQuotes(engine), market_now())
    finally:
        engine.dispose()


def test_an_order_at_limit_rests_until_all_its_legs_are_touched(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    order_id = resting(client)
    (waiting,) = account(client)["resting"]
    assert (waiting["id"], waiting["ends"]) == (order_id, "2026-11-20T15:40:00+05:30")
    assert [each["limit"] for each in waiting["legs"]] == [95.0, 95.0]
    assert looked(database) == 0
    quoted(minutes=61, bid=90.0, ask=94.0)
    assert looked(database) == 1
    assert looked(database) == 0
    found = account(client)
    assert (found["resting"], len(found["positions"])) == ([], 2)
    assert found["orders"][0]["status"] == "filled"
    assert {fill["price"] for fill in found["orders"][0]["fills"]} == {94.0}


def test_an_order_that_rests_can_be_cancelled_once_and_by_its_owner(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    order_id = resting(client)
    with connection(database) as session:
        session.execute("UPDATE paper_orders SET owner = 'somebody else'")
    assert client.post("/api/paper/cancel", json={"order_id": order_id}).status_code == 409
    with connection(database) as session:
        session.execute("UPDATE paper_orders SET owner = %s", [USERNAME])
    gone = client.post("/api/paper/cancel", json={"order_id": order_id})
    assert (gone.status_code, gone.json["order"]["status"]) == (200, "cancelled")
    again = client.post("/api/paper/cancel", json={"order_id": order_id})
    assert (again.status_code, again.json["error"]) == (409, "That order rests no more.")
    quoted(minutes=61, bid=90.0, ask=94.0)
    assert looked(database) == 0
    assert account(client)["positions"] == []


def test_an_order_that_rests_lapses_with_the_session(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    resting(client)
    quoted(minutes=SHUT, bid=90.0, ask=94.0)
    assert looked(database) == 1
    found = account(client)
    assert (found["positions"], found["resting"]) == ([], [])
    assert found["orders"][0]["status"] == "lapsed"


def test_pages_of_other_sites_and_strangers_cannot_trade(
    client: FlaskClient, settings: Settings, make_app: MakeApp, quoted: Quoted
) -> None:
    quoted()
    body = {"key": "foreign-1", "legs": [leg()]}
    for headers in ({"Origin": "https://example.org"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/api/paper/orders", json=body, headers=headers).status_code == 403
    stranger = make_app(settings).test_client()
    assert stranger.post("/api/paper/orders", json=body).status_code == 401
    assert stranger.get("/api/paper").status_code == 401
    assert account(client)["positions"] == []


def test_the_old_systems_routes_answer_as_they_did(
    client: FlaskClient, quoted: Quoted, database: URL
) -> None:
    quoted()
    asked = {"exchange": "NSE", "symbol": CALL, "type": "CE", "side": "B", "price": 100, "qty": 65}
    answer = client.post("/api/place_order", json=asked)
    assert answer.status_code == 200
    assert set(answer.json) == {"success", "message", "position_id", "position"}
    assert answer.json["success"] is True
    assert answer.json["position"]["id"] == answer.json["position_id"]
    held = client.get("/api/positions/NSE").json
    assert set(held) == {"open_positions", "total_mtm", "closed_pnl"}
    assert held["open_positions"] == [answer.json["position"]]
    assert held["open_positions"][0] == {
        "id": answer.json["position_id"],
        "exchange": "NSE",
        "symbol": CALL,
        "type": "CE",
        "side": "B",
        "qty": 65,
        "entry_price": 101.0,
        "current_price": 99.0,
        "mtm": -130.0,
        "entry_time": at(60).astimezone(IST).isoformat(),
    }
    assert held["total_mtm"] == -130.0

    sold = client.post("/api/place_order", json={**asked, "side": "S"}).json
    assert (sold["success"], sold["position"]) == (True, None)
    assert client.get("/api/positions/NSE").json == {
        "open_positions": [],
        "total_mtm": 0.0,
        "closed_pnl": -130.0,
    }
    with connection(database) as session:
        noted = session.execute(
            "SELECT signal, quantity_lots, pnl, executed FROM paper_trading_metrics ORDER BY id"
        ).fetchall()
    assert noted == [("BUY", 1, 0.0, True), ("SELL", 1, -130.0, True)]


def test_what_the_old_route_refuses_it_says(client: FlaskClient, quoted: Quoted) -> None:
    quoted()
    asked = {"exchange": "NSE", "symbol": CALL, "type": "CE", "side": "B", "price": 100, "qty": 65}
    for known, status, sentence in (
        ({"qty": 50}, 400, "qty is in units: a multiple of the lot of 65."),
        ({"qty": "65"}, 400, "qty is in units: a multiple of the lot of 65."),
        ({"type": "PE"}, 400, "N26000CE is no PE."),
        ({"side": "BUY"}, 400, "side must be B (buy) or S (sell)."),
        ({"type": "LIMIT"}, 409, "N26000CE stands at ask 101.00, above the limit of 100.00."),
        ({"symbol": "XCE"}, 400, "The chain of NSE has no contract XCE."),
    ):
        answer = client.post("/api/place_order", json={**asked, **known})
        assert answer.status_code == status, known
        assert (answer.json["success"], answer.json["message"]) == (False, sentence)
        assert (answer.json["position_id"], answer.json["position"]) == (None, None)


def test_orders_outlive_the_server_that_took_them(
    settings: Settings, make_app: MakeApp, quoted: Quoted
) -> None:
    quoted()
    order(signed_in(make_app(settings)), "before-restart")
    after = signed_in(make_app(settings))
    assert account(after)["positions"][0]["units"] == LOT
    assert order(after, "before-restart").status_code == 200
