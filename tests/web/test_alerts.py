"""A user's alerts over HTTP: their own, checked, and bounded."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text

from db.engine import engine_for
from db.ingest.alerts import Told, add_alert, settle_alert, tell
from db.notices import CHANNEL
from db.queries.alerts import watched_alerts
from tests.support.chains import at
from tests.support.databases import connection
from tests.support.waiting import PATIENCE_S
from tests.web import USERNAME

PCR: dict[str, Any] = {
    "exchange": "NSE",
    "kind": "pcr",
    "params": {"direction": "above", "level": 1.2},
}


@pytest.fixture
def engine(database: URL) -> Any:
    found = engine_for(database)
    yield found
    found.dispose()


def test_a_rule_is_made_listed_changed_and_taken_away(client: FlaskClient) -> None:
    made = client.post("/api/alerts", json=PCR)
    assert made.status_code == 201
    known = made.json
    assert (known["enabled"], known["repeats"], known["cooldown_s"]) == (True, True, 60)
    assert known["params"] == PCR["params"]
    where = f"/api/alerts/{known['id']}"
    off = client.patch(where, json={"enabled": False})
    assert off.json == known | {"enabled": False}
    lower = {"direction": "below", "level": 0.7}
    other = client.patch(where, json={"params": lower, "enabled": True, "cooldown_s": 5})
    assert other.json == known | {"params": lower, "cooldown_s": 5}
    assert client.get("/api/alerts").json == {"alerts": [other.json], "most": 100}
    assert client.delete(where).status_code == 204
    assert client.get("/api/alerts").json["alerts"] == []
    for gone in (client.patch(where, json={}), client.delete(where)):
        assert gone.status_code == 404


def test_each_change_of_a_rule_is_announced_to_the_pages_of_its_user(
    client: FlaskClient, database: URL
) -> None:
    with connection(database) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        number = client.post("/api/alerts", json=PCR).json["id"]
        client.patch(f"/api/alerts/{number}", json={"enabled": False})
        client.delete(f"/api/alerts/{number}")
        client.delete(f"/api/alerts/{number}")
        told = [
            json.loads(one.payload) for one in listening.notifies(timeout=PATIENCE_S, stop_after=3)
        ]
        assert list(listening.notifies(timeout=0)) == []
    assert told == [{"topic": "alerts", "user": USERNAME, "news": {"rule": number}}] * 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Send one JSON object"),
        (b"[]", "Send one JSON object"),
        (b"[" * 60_000, "Send one JSON object"),
        (b'{"exchange":"NSE","kind":"pcr","params":{"level":NaN}}', "Send one JSON object"),
        (b'{"exchange":"NSE"}', "The kind of an alert"),
        (b'{"exchange":"NSE","kind":"pcr","params":{"direction":"above","level":1e13}}', "level"),
        (b'{"exchange":"\\u0000","kind":"pcr","params":{}}', "Unknown exchange"),
    ],
)
def test_what_makes_no_alert_is_refused_with_a_sentence(
    client: FlaskClient, body: bytes, reason: str
) -> None:
    answer = client.post("/api/alerts", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert reason in answer.json["error"]
    assert client.get("/api/alerts").json["alerts"] == []


def test_a_form_of_another_site_makes_nothing(client: FlaskClient) -> None:
    form = client.post("/api/alerts", data='{"exchange": "NSE"}', content_type="text/plain")
    assert form.status_code == 400
    foreign = client.post("/api/alerts", json=PCR, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_a_change_that_makes_no_sense_leaves_the_rule_as_it_was(client: FlaskClient) -> None:
    known = client.post("/api/alerts", json=PCR).json
    where = f"/api/alerts/{known['id']}"
    for change in (
        {"params": {}},
        {"kind": "iv"},
        {"enabled": 1},
        {"exchange": "BSE"},
        {"moon": 1},
    ):
        assert client.patch(where, json=change).status_code == 400, change
    assert client.get("/api/alerts").json["alerts"] == [known]
    for number in (2**63, 10**30):
        assert client.patch(f"/api/alerts/{number}", json={}).status_code == 404


def test_nobody_sees_or_touches_what_is_anothers(client: FlaskClient, engine: Engine) -> None:
    with engine.begin() as connection:
        number = add_alert(
            connection, "another", "NSE", "pcr", PCR["params"], repeats=True, cooldown_s=0
        )
    assert client.get("/api/alerts").json["alerts"] == []
    where = f"/api/alerts/{number}"
    assert client.patch(where, json={"enabled": False}).status_code == 404
    assert client.delete(where).status_code == 404


def test_the_log_is_read_in_pages_newest_first(client: FlaskClient, engine: Engine) -> None:
    client.post("/api/alerts", json=PCR)
    with engine.begin() as connection:
        (rule,) = watched_alerts(connection, "", 4.0)
        for step in range(5):
            revision = settle_alert(connection, rule.id, step, {}, has_fired=True)
            assert revision is not None
            told = Told(fired=True, value=step, message=f"no. {step}", at=at(step), sequence=step)
            tell(connection, rule, revision, told)
        connection.execute(text("UPDATE alert_events SET told_at = '2026-11-20 09:15+05:30'"))
    first = client.get("/api/alerts/events?limit=3").json
    assert [each["message"] for each in first["events"]] == ["no. 4", "no. 3", "no. 2"]
    assert first["more"]
    assert first["events"][0] == {
        "id": first["events"][0]["id"],
        "alert_id": rule.id,
        "exchange": "NSE",
        "kind": "pcr",
        "fired": True,
        "told_at": "2026-11-20T09:15:00+05:30",
        "timestamp": "2026-11-20T09:19:00+05:30",
        "sequence": 4,
        "value": 4.0,
        "message": "no. 4",
    }
    rest = client.get(f"/api/alerts/events?limit=3&before={first['events'][-1]['id']}").json
    assert ([each["message"] for each in rest["events"]], rest["more"]) == (
        ["no. 1", "no. 0"],
        False,
    )


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "before=-1", "before=" + "9" * 30]
)
def test_a_page_that_is_none_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/alerts/events?{query}")
    assert answer.status_code == 400
    assert "must be a whole number" in answer.json["error"]


def test_without_a_session_there_are_no_alerts(client: FlaskClient) -> None:
    client.get("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.get("/api/alerts").status_code == 401
    assert client.post("/api/alerts", json=PCR).status_code == 401
