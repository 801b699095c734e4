"""Signals over HTTP: beside the chain they are of, as of then, and judged by a trader."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL

from db.engine import engine_for
from db.ingest.signals import Outcome, Prediction, settle, write_absence, write_prediction
from db.market.ticks import EnrichedSnapshot
from tests.signals.test_following import CALL, Market
from tests.web.conftest import Store

WHY = "52% that a rise comes first in 15 min after costs: PCR 1.2 (+)"


def predicted(database: URL, snapshot: EnrichedSnapshot, signal: str = "BUY") -> Prediction:
    made = Prediction(
        **{"exchange": "NSE", "timestamp": snapshot.timestamp, "model_id": "abc"},
        **{"signal": signal, "confidence": 0.52, "p_sell": 0.2, "p_hold": 0.28, "p_buy": 0.52},
        **{"rationale": WHY, "horizon_s": 900, "width": 0.5, "cost_bps": 3.0, "latency_ms": 1.5},
    )
    engine = engine_for(database)
    with engine.begin() as connection:
        write_prediction(connection, made, is_news=True)
    engine.dispose()
    return made


def test_a_signal_stands_beside_its_chain(client: FlaskClient, store: Store, database: URL) -> None:
    made = predicted(database, store())
    told = client.get("/api/data/NSE").json
    assert told is not None
    assert (told["ml_signal"], told["ml_confidence"], told["ml_rationale"]) == ("BUY", 0.52, WHY)
    assert told["ml_metadata"]["signal_id"] == made.timestamp.isoformat()
    assert told["ml_metadata"]["chances"] == {"SELL": 0.2, "HOLD": 0.28, "BUY": 0.52}
    assert client.get("/api/state/NSE").json["summary"]["ml_signal"] == "BUY"


def test_a_signal_of_an_earlier_chain_is_none_of_this_one(
    client: FlaskClient, store: Store, database: URL
) -> None:
    predicted(database, store())
    store(minute=2)
    told = client.get("/api/data/NSE").json
    assert told is not None
    assert (told["ml_signal"], told["ml_rationale"]) == (
        "HOLD",
        "no signal: none is of this moment",
    )
    assert client.get("/api/state/NSE").json["summary"]["ml_signal"] is None


def test_the_past_shows_the_signal_of_then(
    client: FlaskClient, store: Store, database: URL
) -> None:
    first = store()
    predicted(database, first)
    predicted(database, store(minute=1), "SELL")
    store(minute=10)

    def then(minutes: float) -> object:
        at = (first.timestamp + timedelta(minutes=minutes)).isoformat()
        return client.get("/api/as-of/NSE", query_string={"at": at}).json["summary"]["ml_signal"]

    assert [then(0), then(1), then(10)] == ["BUY", "SELL", None]


def test_why_there_is_no_signal_is_said(client: FlaskClient, store: Store, database: URL) -> None:
    predicted(database, store())
    engine = engine_for(database)
    with engine.begin() as connection:
        write_absence(connection, "NSE", "no model: the hash differs")
    engine.dispose()
    told = client.get("/api/data/NSE").json
    assert told is not None
    assert (told["ml_signal"], told["ml_rationale"]) == ("HOLD", "no model: the hash differs")


def test_what_was_said_and_came_of_it_is_told_with_its_baseline(
    client: FlaskClient, store: Store, database: URL
) -> None:
    made = [
        predicted(database, store(minute=minute), signal)
        for minute, signal in enumerate(("BUY", "SELL", "HOLD", "BUY"))
    ]
    engine = engine_for(database)
    with engine.begin() as connection:
        sides = zip(made, (1, 1, 0, 1), strict=True)
        settle(connection, "NSE", [Outcome(each.timestamp, side, 0.001) for each, side in sides])
    engine.dispose()
    told = client.get("/api/signals/NSE").json
    assert told is not None
    assert [(each["signal"], each["outcome"]) for each in told["trail"]] == (
        [("BUY", 1), ("HOLD", 0), ("SELL", 1), ("BUY", 1)]
    )
    (day,) = told["days"]
    assert (day["settled"], day["told"], day["stretches"], day["hits"]) == (4, 3, 1, 2)
    # two BUYs on a day on which three of four rose, a SELL where none fell
    assert day["anyway"] == pytest.approx(1.5)
    assert day["brier_anyway"] == pytest.approx(1 - 0.75**2 - 0.25**2)
    assert day["said"] == pytest.approx(0.52)
    assert (told["drift"], told["advice"]) == ([], None)
    early = client.get("/api/signals/NSE", query_string={"at": made[1].timestamp.isoformat()}).json
    assert early is not None
    assert [each["signal"] for each in early["trail"]] == ["SELL", "BUY"]


def test_a_chart_is_told_where_signals_turned_and_ran_out(
    client: FlaskClient, store: Store, database: URL
) -> None:
    said = {0: "BUY", 0.5: "BUY", 1: "HOLD", 20: "HOLD", 21: "SELL"}
    for minute, signal in said.items():
        predicted(database, store(minute=minute), signal)
    store(minute=24 * 60)
    found = client.get("/api/series/NSE/signals?day=2026-08-03").json
    assert found is not None
    assert list(zip(found["times"], found["signals"], strict=True)) == [
        ("09:15:00", "BUY"),
        ("09:16:00", "HOLD"),
        # the feed stood still: what was said last held for ninety seconds
        ("09:17:30", None),
        ("09:35:00", "HOLD"),
        ("09:36:00", "SELL"),
        ("09:37:30", None),
    ]
    assert (found["chances"][0], found["outcomes"][0]) == (0.52, None)
    assert client.get("/api/series/NSE/signals").json["times"] == []


def test_what_was_followed_on_paper_is_told(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store()
    assert client.get("/api/signals/NSE").json["paper"] == {"open": [], "days": []}
    engine = engine_for(database)
    market = Market(engine)
    market.follow("BUY", 60)
    market.follow("HOLD", 90)
    market.follow("BUY", 91)
    engine.dispose()
    told = client.get("/api/signals/NSE").json["paper"]
    assert told["open"] == [CALL]
    (day,) = told["days"]
    assert (day["day"], day["fills"], day["realised"]) == ("2026-11-20", 3, -130.0)


def test_a_trader_s_judgement_is_kept(client: FlaskClient, store: Store, database: URL) -> None:
    made = predicted(database, store())
    judged = {
        "exchange": "NSE",
        "signal_id": made.timestamp.isoformat(),
        "actual_outcome": -1,
    }
    assert client.post("/api/feedback", json=judged).json == {"success": True}
    assert client.get("/api/signals/NSE").json["trail"][0]["feedback"] == -1


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"actual_outcome": 2}, 400),
        ({"actual_outcome": True}, 400),
        ({"actual_outcome": "1"}, 400),
        ({"exchange": "NYSE"}, 400),
        ({"exchange": None}, 400),
        ({"signal_id": "yesterday"}, 400),
        ({"signal_id": 7}, 400),
        ({"signal_id": "2026-08-03T09:16:00+05:30"}, 404),
    ],
)
def test_a_judgement_that_makes_no_sense_is_refused(
    client: FlaskClient, changed: dict[str, object], status: int
) -> None:
    sound = {
        "exchange": "NSE",
        "signal_id": "2026-08-03T09:15:00+05:30",
        "actual_outcome": 1,
    }
    answer = client.post("/api/feedback", json=sound | changed)
    assert answer.status_code == status
    assert set(answer.json) == {"error"}


def test_an_unknown_exchange_has_no_signals(client: FlaskClient) -> None:
    assert client.get("/api/signals/NYSE").status_code == 400
