"""How the system does: the page, what programs read, and who may."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, make_url

from app.web.monitoring import parts, troubles
from app.web.monitoring.ages import ought_to_be_new
from db.market.clock import IST
from db.settings import Settings
from tests.support.databases import connection
from tests.support.waiting import eventually
from tests.web.conftest import MakeApp, Store, signed_in

NOWHERE = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


def until_shown(client: FlaskClient, is_shown: Callable[[str], object]) -> str:
    """The page, once it shows that."""
    seen = [""]

    def look() -> object:
        seen[0] = client.get("/monitoring").text
        return is_shown(seen[0])

    eventually(look)
    return seen[0]


def test_the_page_shows_every_section_that_has_something_to_say(
    client: FlaskClient, store: Store
) -> None:
    until_shown(client, lambda text: "Hypertable" in text and "oi_1m" in text)
    # only now: statements are shown for a minute, and all the rest may take longer to be read
    store("NSE")
    client.get("/api/state/NSE")
    shown = ('href="/monitoring/plan/', "GET /api/state/&lt;exchange&gt;")
    page = until_shown(client, lambda text: all(part in text for part in shown))
    for name in ("objectives", "slowest", "feed", "routes", "queries", "steps", "pool", "rollups"):
        assert f'id="section-{name}"' in page
    assert "option_chain_snapshots" in page
    assert "Login page" in page


def test_a_signals_inputs_that_have_moved_are_told_with_what_to_do(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store("NSE")
    with connection(database) as session:
        session.execute(
            "INSERT INTO signal_latest (exchange, model_id, rationale, drift) VALUES "
            """('NSE', 'abc', 'none', '{"vix": {"index": 0.9, "usual": 0.1}}')"""
        )
    page = until_shown(client, lambda text: 'id="section-signals"' in text)
    assert re.search(r"Train anew: \S.* are no longer what they were in training", page)


def test_without_a_database_the_page_says_so_and_shows_what_is_known_here(
    settings: Settings, make_app: MakeApp
) -> None:
    client = signed_in(make_app(replace(settings, database_url=NOWHERE)))
    shown = ("does not answer", "a look", "GET /monitoring", 'data-word="failed"')
    until_shown(client, lambda text: all(part in text for part in shown))


def test_what_is_wrong_is_said_until_it_is_right_again(client: FlaskClient, database: URL) -> None:
    until_shown(client, lambda text: "Hypertable" in text)
    with connection(database) as session:
        session.execute("ALTER TABLE collector_leases RENAME TO elsewhere")
    page = until_shown(client, lambda text: "could not answer" in text)
    # what was read before stays
    assert "Hypertable" in page
    with connection(database) as session:
        session.execute("ALTER TABLE elsewhere RENAME TO collector_leases")
    until_shown(client, lambda text: "could not answer" not in text)


def test_a_chain_that_nobody_writes_any_more_is_named(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store("NSE")
    with connection(database) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE chain_summary SET updated_at = now() - INTERVAL '20 seconds'")
        session.execute(
            "INSERT INTO collector_leases (exchange, holder, renewed_at) "
            "VALUES ('NSE', 'here:1:abcd', now() - INTERVAL '20 seconds')"
        )
    page = until_shown(client, lambda text: "no collector writes it" in text)
    assert "nobody any more" in page
    with connection(database) as session:
        session.execute("UPDATE collector_leases SET renewed_at = now() + INTERVAL '1 hour'")
    until_shown(client, lambda text: "its feed is silent" in text and "here:1:abcd" in text)


def test_a_replay_that_stands_still_is_no_feed_that_is_lost(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store("NSE")
    with connection(database) as session:
        session.execute("SET session_replication_role = replica")
        session.execute(
            "UPDATE chain_summary "
            "SET source = 'replayed', updated_at = now() - INTERVAL '20 seconds'"
        )
    page = until_shown(client, lambda text: 'id="section-feed"' in text and "NIFTY" in text)
    assert "nothing new" not in page
    assert not ought_to_be_new(20.0, "replayed")
    assert ought_to_be_new(20.0, "live")


def test_what_burns_is_said_first_on_the_page_and_on_the_dashboard(
    client: FlaskClient, database: URL
) -> None:
    with connection(database) as session:
        session.execute(
            "INSERT INTO performance_alerts (objective, burn, sentence) "
            "VALUES ('data', 9, 'Data: too many are slow.')"
        )
    client.application.extensions["oi"].telemetry.alarms.look()
    page = client.get("/monitoring").text
    assert "Data: too many are slow." in page
    assert "Data: too many are slow." in client.get("/").text


def test_that_the_calendar_ends_soon_is_among_what_needs_a_look(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, is_said in ((17, False), (18, True)):
        moment = datetime(2026, 12, day, tzinfo=IST)
        monkeypatch.setattr(troubles, "market_now", lambda moment=moment: moment)
        page = client.get("/monitoring").text
        assert ("no holidays from 1 January 2027 on" in page) is is_said


def test_commands_are_shown_with_when_they_ran_and_what_failed(
    client: FlaskClient, database: URL
) -> None:
    with connection(database) as session:
        session.execute(
            "INSERT INTO command_runs "
            "(name, process, began_at, ended_at, size, failed_at, problem) VALUES "
            "('maintain', 'a:1', now() - INTERVAL '2 s', now(), 4, NULL, NULL), "
            "('backup', 'b:2', now(), now(), NULL, now(), 'The disk is full.')"
        )
    page = until_shown(client, lambda text: 'id="section-commands"' in text)
    section = page.partition('id="section-commands"')[2].partition("</section>")[0]
    assert re.search(r"maintain</th><td>[^<]*ago</td><td>2.0 s</td><td>4</td>", section)
    assert section.index("backup") < section.index("The disk is full.")
    # what failed is among what needs a look
    assert page.index("python -m db backup failed: The disk is full.") < page.index("<section")


def test_nobody_looks_and_nothing_is_read(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_UNSEEN_AFTER_S", 0.0)
    client.get("/monitoring")
    found = client.application.extensions["oi"].parts
    eventually(lambda: found._worker is None)
    monkeypatch.undo()
    until_shown(client, lambda text: "Hypertable" in text)


@pytest.mark.parametrize("path", ["/monitoring", "/monitoring/plan/chain.latest"])
def test_the_page_is_for_who_has_signed_in(
    settings: Settings, make_app: MakeApp, path: str
) -> None:
    answer = make_app(settings).test_client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_a_statement_is_shown_with_its_plan(client: FlaskClient) -> None:
    page = client.get("/monitoring/plan/summary.summary").text
    assert "chain_summary" in page
    assert "cost=" in page
    missing = client.get("/monitoring/plan/nothing.here")
    assert missing.status_code == 404
    assert "There is no statement" in missing.text


def test_programs_read_how_long_things_take(client: FlaskClient, store: Store) -> None:
    store("NSE")
    client.get("/api/data/NSE")
    found = client.get("/api/performance-metrics").get_json()
    routes = {each["name"]: each for each in found["routes"]}
    assert routes["GET /api/data/<exchange>"]["count"] == 1
    assert routes["GET /api/data/<exchange>"]["size"] > 0
    assert {each["name"] for each in found["queries"]} >= {"chain.latest_chain", "summary.summary"}
    assert [step["name"] for step in found["initialization"]] == [
        *("database", "live link", "feeds", "chains")
    ]
    assert {"viewers", "unsent_bytes", "operations"} == set(found["websocket"])
    assert any(pool["name"] == "read" for pool in found["pool"]["connections"])
    assert len(found["slowest"]) == 5
    assert any(cache["name"] == "signals" for cache in found["caches"])


def test_paths_that_lead_nowhere_count_as_one(client: FlaskClient) -> None:
    for path in ("/one", "/two"):
        client.get(path)
    found = client.get("/api/performance-metrics").get_json()
    counts = {each["name"]: each["count"] for each in found["routes"]}
    assert counts["GET (no route)"] == 2


def test_each_answer_bears_an_id_of_its_own(client: FlaskClient) -> None:
    ids = [client.get("/healthz").headers["X-Request-ID"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", each) for each in ids)


def test_start_up_is_told_step_by_step(client: FlaskClient, store: Store) -> None:
    store("NSE")

    def states() -> set[str]:
        found = client.get("/api/system-status").get_json()
        assert found["initialized"] is True
        return {step["state"] for step in found["steps"]}

    eventually(lambda: states() == {"done"})
    answer = client.post("/api/system-status/retry", json={"step": "chains"})
    assert answer.status_code == 400
    assert "no failed step" in answer.get_json()["error"]
    assert client.post("/api/system-status/retry", json=[]).status_code == 400


def test_a_failed_step_is_tried_again_when_asked(settings: Settings, make_app: MakeApp) -> None:
    client = signed_in(make_app(replace(settings, database_url=NOWHERE)))

    def failed() -> bool:
        found = client.get("/api/system-status").get_json()["steps"]
        return found[0]["state"] == "failed" and "does not answer" in found[0]["problem"]

    eventually(failed)
    asked = client.post("/api/system-status/retry", json={"step": "database"})
    assert asked.get_json() == {"success": True}


def metrics(app: Flask, **given: object) -> tuple[int, str]:
    answer = app.test_client().get("/metrics", **given)  # type: ignore[arg-type]
    return answer.status_code, answer.text


def test_metrics_are_given_to_this_machine_without_a_sign_in(
    settings: Settings, make_app: MakeApp
) -> None:
    app = make_app(settings)
    app.test_client().get("/login")
    status, text = metrics(app)
    assert status == 200
    assert 'oi_request_seconds_count{route="GET /login"}' in text
    assert "oi_viewers 0.0" in text


@pytest.mark.parametrize(
    "given",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Host": "rebound.example.org:5050"}},
        {"environ_base": {"REMOTE_ADDR": ""}},
    ],
)
def test_metrics_are_given_to_nobody_else(
    settings: Settings, make_app: MakeApp, given: dict[str, object]
) -> None:
    status, text = metrics(make_app(settings), **given)
    assert status == 403
    assert "oi_request" not in text


def test_with_a_token_metrics_are_given_to_who_has_it_alone(
    settings: Settings, make_app: MakeApp
) -> None:
    app = make_app(replace(settings, metrics_token="a-token"))  # noqa: S106  # no secret
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
    assert metrics(app)[0] == 403
    assert metrics(app, headers={"Authorization": "Bearer another"})[0] == 403
    assert metrics(app, headers={"Authorization": "Bearer a-token"}, **elsewhere)[0] == 200
