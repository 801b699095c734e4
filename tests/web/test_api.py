"""The JSON routes on a migrated database."""

import csv
import gzip
import io
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL

from app.chains.folded import folded
from app.web.assets import assets
from db.engine import engine_for
from db.ingest.leases import set_feed_state
from db.market.exchanges import EXCHANGES
from db.market.limits import CHANGE_THRESHOLDS_PCT, STALE_AFTER_S
from tests.support.databases import connection
from tests.web.conftest import OPENING, Store

CONTRACT = {
    "call_options put_options atm_strike underlying_price last_update status pcr exchange "
    "underlying_name strike_difference vix itm_oi_ce_pct_change itm_oi_pe_pct_change "
    "underlying_future_symbol underlying_future_price underlying_future_oi "
    "percent_oichange_fut_3m atm_shift_intensity itm_ce_breadth itm_pe_breadth ml_signal "
    "ml_confidence ml_rationale ml_metadata max_pain"
}
OPTION_CONTRACT = (
    "strike symbol latest_oi oi_time strike_type moneyness ltp best_bid best_ask bid_quantity "
    "ask_quantity token pct_changes abs_changes iv iv_forward theoretical_price price_diff "
    "position volume spread order_book_imbalance"
)


def initialization(client: FlaskClient) -> dict[str, object]:
    """The two words of the contract; what start-up consists of stands beside them."""
    told = client.get("/api/system-status").json
    assert told.pop("steps")
    return told  # type: ignore[no-any-return]


def test_an_empty_database_answers_unknown_and_is_initializing(client: FlaskClient) -> None:
    answer = client.get("/api/data/NSE")
    assert answer.status_code == 200
    assert answer.json["status"] == "initializing"
    assert answer.json["underlying_price"] is None
    assert answer.json["call_options"] == []
    assert initialization(client) == {"initialized": False, "initializing": True}


def test_the_answer_has_every_field_of_the_contract(client: FlaskClient, store: Store) -> None:
    store()
    payload = client.get("/api/data/NSE").json
    assert set(" ".join(CONTRACT).split()) <= set(payload)
    for option in (*payload["call_options"], *payload["put_options"]):
        assert set(OPTION_CONTRACT.split()) <= set(option)
        assert set(option["pct_changes"]) == {"3m", "5m", "10m", "15m", "30m"}
        assert set(option["abs_changes"]) == {"3m", "5m", "10m", "15m", "30m"}
    assert initialization(client) == {"initialized": True, "initializing": False}


def test_the_answer_is_what_was_stored(client: FlaskClient, store: Store) -> None:
    store(index=26_010.0)
    payload = client.get("/api/data/NSE").json
    assert payload["underlying_price"] == 26_010.0
    assert payload["atm_strike"] == 26_000.0
    assert payload["pcr"] == 2.0
    assert payload["underlying_future_price"] == 26_100.0
    assert payload["vix"] == 12.5
    assert payload["last_update"] == OPENING.isoformat()
    assert payload["expiry"] == "2026-08-04"
    assert payload["status"] == "live"
    call = next(o for o in payload["call_options"] if o["strike"] == 25_900.0)
    assert (call["latest_oi"], call["position"], call["strike_type"]) == (6500, -2, "itm")
    put = next(o for o in payload["put_options"] if o["strike"] == 25_900.0)
    assert (put["latest_oi"], put["position"], put["strike_type"]) == (13_000, -2, "otm")


def test_a_newer_snapshot_is_in_the_next_answer(client: FlaskClient, store: Store) -> None:
    store()
    first = client.get("/api/data/NSE")
    store(minute=5, oi=lambda strike, side: 7150 if side == "CE" else 13_000)
    second = client.get("/api/data/NSE")
    assert second.json["sequence"] > first.json["sequence"]
    call = second.json["call_options"][0]
    assert (call["latest_oi"], call["abs_changes"]["5m"]) == (7150, 650)


@pytest.mark.parametrize(("strikes", "expected"), [(1, 3), (3, 7), (4, 9), (500, 9)])
def test_strikes_narrow_the_chain_around_atm_but_not_its_totals(
    client: FlaskClient, store: Store, strikes: int, expected: int
) -> None:
    store()
    whole = client.get("/api/data/NSE").json
    narrow = client.get(f"/api/data/NSE?strikes={strikes}").json
    kept = [option["strike"] for option in narrow["call_options"]]
    assert len(kept) == expected
    assert kept[len(kept) // 2] == 26_000.0
    assert [narrow[name] for name in ("pcr", "max_pain", "total_oi_ce")] == [
        whole[name] for name in ("pcr", "max_pain", "total_oi_ce")
    ]


def test_a_state_comes_without_the_book_for_who_shows_none(
    client: FlaskClient, store: Store
) -> None:
    store()
    whole, narrow = client.get("/api/state/NSE"), client.get("/api/state/NSE?book=0")
    without = [name for name in whole.json["fields"] if name in narrow.json["fields"]]
    assert narrow.json["fields"] == without == whole.json["fields"][: len(without)]
    assert set(whole.json["fields"]) - set(without) == {
        *("best_bid", "best_ask", "bid_quantity", "ask_quantity")
    }
    assert {len(leg) for leg in narrow.json["legs"]} == {len(without)}
    assert narrow.headers["ETag"] != whole.headers["ETag"]
    refused = client.get("/api/state/NSE?book=yes")
    assert refused.status_code == 400
    assert "book must be 0 or 1" in refused.json["error"]


@pytest.mark.parametrize("strikes", ["0", "-1", "501", "5.5", "many", "", "٣", "9" * 5000])
def test_a_senseless_number_of_strikes_is_refused(client: FlaskClient, strikes: str) -> None:
    answer = client.get("/api/data/NSE", query_string={"strikes": strikes})
    assert answer.status_code == 400
    assert "whole number from 1 to 500" in answer.json["error"]


@pytest.mark.parametrize(
    "route",
    [
        "/api/data/{}",
        "/api/state/{}",
        "/api/series/{}/day",
        "/api/chain/{}.csv",
        "/api/comparison/{}",
        "/api/breaches/{}",
        "/live?follow=BSE,{}",
    ],
)
@pytest.mark.parametrize("exchange", ["NYSE", "nse", "NSE'--"])
def test_an_unknown_exchange_is_refused(client: FlaskClient, route: str, exchange: str) -> None:
    answer = client.get(route.format(exchange))
    assert answer.status_code == 400
    assert "known are NSE, BSE, NSE_MONTHLY, BANKNIFTY_MONTHLY" in answer.json["error"]


def test_an_unchanged_chain_is_not_sent_twice(client: FlaskClient, store: Store) -> None:
    store()
    first = client.get("/api/data/NSE")
    again = client.get("/api/data/NSE", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    store(minute=1, index=26_020.0)
    changed = client.get("/api/data/NSE", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_client_that_unpacks_gets_it_packed(client: FlaskClient, store: Store) -> None:
    store()
    plain = client.get("/api/data/NSE")
    packed = client.get("/api/data/NSE", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


def test_the_csv_holds_every_contract(client: FlaskClient, store: Store) -> None:
    store()
    answer = client.get("/api/chain/NSE.csv")
    assert answer.mimetype == "text/csv"
    assert 'filename="NSE_2026-08-03T091500.csv"' in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 18
    assert (lines[0]["strike"], lines[0]["option_type"], lines[0]["latest_oi"]) == (
        "25800.0",
        "CE",
        "6500",
    )


def test_the_csv_of_an_empty_chain_is_only_a_heading(client: FlaskClient) -> None:
    heading = client.get("/api/chain/BSE.csv").text.splitlines()
    assert len(heading) == 1
    assert heading[0].startswith("timestamp,exchange,expiry,underlying_price,strike,option_type")


def embedded(page: str, name: str) -> Any:
    """What a page holds as JSON in its script element of that name."""
    return orjson.loads(page.partition(f'id="{name}">')[2].partition("</script>")[0])


def test_the_page_carries_the_newest_chain_its_age_and_all_it_must_know(
    client: FlaskClient, store: Store
) -> None:
    store("BSE", step=100.0)
    page = client.get("/?exchange=BSE").text
    first, clock, state = (embedded(page, name) for name in ("first", "clock", "state"))
    assert (first["kind"], first["exchange"], first["count"]) == ("full", "BSE", 18)
    assert first == folded(client.get("/api/state/BSE?book=0").json)
    assert clock["kind"] == "clock"
    assert clock["ages"]["BSE"] >= 0
    assert (state["exchange"], state["problem"]) == ("BSE", None)
    ui = state["ui"]
    assert ui["limits"]["change_thresholds_pct"]["30"] == CHANGE_THRESHOLDS_PCT[30]
    assert ui["limits"]["stale_after_s"] == STALE_AFTER_S
    assert [exchange["key"] for exchange in ui["exchanges"]] == list(EXCHANGES)
    assert ui["version"] == assets().version


def test_the_state_is_what_is_pushed_and_unchanged_is_not_sent_twice(
    client: FlaskClient, store: Store
) -> None:
    snapshot = store()
    first = client.get("/api/state/NSE")
    assert first.json["kind"] == "full"
    assert first.json["summary"]["last_update"] == snapshot.timestamp.isoformat()
    assert first.json["summary"]["oi_known"] == 18
    fields = first.json["fields"]
    assert dict(zip(fields, first.json["legs"][0], strict=True))["oi"] == 6500
    again = client.get("/api/state/NSE", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    # the age goes on while the body stays
    assert int(again.headers["OI-Age-Ms"]) >= int(first.headers["OI-Age-Ms"]) >= 0
    assert int(again.headers["OI-Server-Ms"]) >= int(first.headers["OI-Server-Ms"])


def test_who_polls_hears_of_the_phase_and_of_what_the_feed_is_at(
    client: FlaskClient, store: Store, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.chains.feeds.FEED_STATE_LOST_AFTER_S", 60.0)
    store()
    assert orjson.loads(client.get("/api/state/NSE").headers["OI-Market"])["feeds"] == {}
    sentence = "Nobody is logged in at the broker – log in there again."
    engine = engine_for(database)
    with engine.begin() as session:
        set_feed_state(session, "NSE", "login needed", sentence)
    engine.dispose()
    # what the push would read when it is announced
    client.application.extensions["oi"].feeds.read()
    found = orjson.loads(client.get("/api/state/NSE").headers["OI-Market"])
    assert found["feeds"] == {"NSE": {"state": "login needed", "sentence": sentence}}
    assert set(found["phase"]) == {"options", "index"}


def test_of_an_empty_database_the_state_has_no_age(client: FlaskClient) -> None:
    answer = client.get("/api/state/NSE")
    assert answer.json["sequence"] is None
    assert answer.json["summary"]["status"] == "initializing"
    assert "OI-Age-Ms" not in answer.headers


def test_a_chain_of_which_nothing_can_be_made_is_its_own_trouble_alone(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store("NSE")
    store("BSE", step=100.0)
    with connection(database) as session:
        session.execute(
            "UPDATE option_chain_latest SET strike = 'NaN' WHERE exchange = 'NSE' "
            "AND strike = 26000 AND option_type = 'CE'"
        )
    sentence = "The chain of NSE cannot be shown: the strike of NIFTY2680426000CE is nan."
    for path in ("/api/data/NSE", "/api/state/NSE", "/api/series/NSE/day", "/api/chain/NSE.csv"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["error"]) == (503, sentence)
    page = client.get("/")
    assert page.status_code == 503
    assert embedded(page.text, "clock")["problem"] == sentence
    assert client.get("/api/data/BSE").status_code == 200
    assert client.get("/api/system-status").json["initialized"] is True


def test_data_cannot_break_out_of_the_page(client: FlaskClient, store: Store) -> None:
    store(future_symbol="</script><script>alert(1)</script>")
    assert "alert(1)" in client.get("/api/state/NSE").text
    assert "<script>alert" not in client.get("/").text


def test_a_plain_request_to_the_push_address_is_told_what_it_speaks(
    client: FlaskClient, store: Store
) -> None:
    store()
    answer = client.get("/live?follow=NSE")
    assert answer.status_code == 426
    assert answer.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize("origin", ["https://example.org", "http://[", "null", "//"])
def test_pages_of_other_sites_cannot_follow(client: FlaskClient, origin: str) -> None:
    answer = client.get("/live?follow=NSE", headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 501),
        ({"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=abc"}, 501),
        ({"Sec-WebSocket-Key": "abc"}, 400),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Sec-WebSocket-Version": "12"}, 426),
    ],
)
def test_an_upgrade_is_answered_and_never_an_error_of_ours(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    sound = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    # a test client has no socket to hand over, which is the last thing that is asked
    answer = client.get("/live", headers={**sound, **headers})
    assert answer.status_code == status
    assert answer.json["error"]


def test_a_page_travels_packed_but_the_login_page_does_not(
    client: FlaskClient, store: Store
) -> None:
    store()
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b'id="first"' in gzip.decompress(packed.data)
    assert "Content-Encoding" not in client.get("/").headers
    client.get("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    login = client.get("/login", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in login.headers


def test_assets_are_kept_for_good_by_every_browser(client: FlaskClient) -> None:
    page = client.get("/").text
    address = page.partition('<script type="module" src="')[2].partition('"')[0]
    kept = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Vary"] == "Accept-Encoding"
    plain = client.get(address)
    assert gzip.decompress(kept.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    better = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert better.headers["Content-Encoding"] == "br"
    assert "Set-Cookie" not in kept.headers


@pytest.mark.parametrize("name", ["main.js", "manifest.json", "core/../main.js", "main-0.js.br"])
def test_what_is_no_asset_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_a_page_of_an_unknown_exchange_says_so(client: FlaskClient) -> None:
    page = client.get("/?exchange=NYSE")
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "known are NSE, BSE, NSE_MONTHLY, BANKNIFTY_MONTHLY" in page.text


def test_a_page_that_is_not_there_says_so(client: FlaskClient) -> None:
    assert "There is nothing at /monitor." in client.get("/monitor").text
    assert client.get("/api/monitor").json == {"error": "There is nothing at /api/monitor."}
