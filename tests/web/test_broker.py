"""Logging in at the broker from the page: led there, taken back, left for the collector."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url

from app.kite import session as broker_sessions
from app.kite.session import SessionStore, broker_folder
from db.market.clock import market_now
from db.settings import Settings
from tests.web.conftest import MakeApp, signed_in

KEY = "a key of these tests"
TOKEN = "abc123"  # noqa: S105  # nobody's
FOREIGN = "was not begun here"


@pytest.fixture
def settings(home: object) -> Settings:
    """Those of a server with an app at the broker; the database is nowhere."""
    return replace(
        Settings(),
        home=home,  # type: ignore[arg-type]
        database_url=make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing"),
        secret_key=KEY,
        kite_api_key="standin",
        kite_login_url="http://127.0.0.1:9/connect/login",
    )


@pytest.fixture
def broker_store(settings: Settings) -> SessionStore:
    return SessionStore(broker_folder(settings), KEY)


@pytest.fixture
def client(settings: Settings, make_app: MakeApp) -> FlaskClient:
    return signed_in(make_app(settings))


def led_to(client: FlaskClient) -> dict[str, list[str]]:
    """Press the button; what the broker's page is asked with."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/broker").text)
    assert csrf
    answer = client.post("/broker/login", data={"csrf": csrf[1]})
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert target.netloc == "127.0.0.1:9"
    return parse_qs(target.query)


def back(client: FlaskClient, state: str, status: str = "success", token: str = TOKEN) -> object:
    return client.get(
        "/broker/callback", query_string={"state": state, "status": status, "request_token": token}
    )


def nonce_of(query: dict[str, list[str]]) -> str:
    return parse_qs(query["redirect_params"][0])["state"][0]


def test_who_comes_back_leaves_a_token_and_goes_to_the_chain(
    client: FlaskClient, broker_store: SessionStore
) -> None:
    query = led_to(client)
    assert (query["api_key"], query["v"]) == (["standin"], ["3"])
    answer = back(client, nonce_of(query))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")  # type: ignore[attr-defined]
    assert broker_store.brought() == TOKEN


def test_a_login_counts_once(client: FlaskClient, broker_store: SessionStore) -> None:
    nonce = nonce_of(led_to(client))
    back(client, nonce)
    assert broker_store.brought() == TOKEN
    answer = back(client, nonce)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert FOREIGN in answer.text  # type: ignore[attr-defined]
    assert broker_store.brought() is None


@pytest.mark.parametrize("state", ["", "another", "é", "x" * 5_000])
def test_a_login_that_this_session_did_not_begin_is_one_sentence(
    client: FlaskClient, broker_store: SessionStore, state: str
) -> None:
    led_to(client)
    answer = back(client, state)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert answer.text.count(FOREIGN) == 1  # type: ignore[attr-defined]
    assert broker_store.brought() is None


def test_another_sessions_word_is_foreign(
    client: FlaskClient, settings: Settings, make_app: MakeApp, broker_store: SessionStore
) -> None:
    other = signed_in(make_app(settings))
    led_to(client)
    assert back(client, nonce_of(led_to(other))).status_code == 400  # type: ignore[attr-defined]
    assert broker_store.brought() is None


def test_two_who_log_in_at_once_both_come_back(
    client: FlaskClient, settings: Settings, make_app: MakeApp, broker_store: SessionStore
) -> None:
    other = signed_in(make_app(settings))
    nonces = [nonce_of(led_to(each)) for each in (client, other)]
    for each, nonce, token in zip((client, other), nonces, ("one1", "two2"), strict=True):
        assert back(each, nonce, token=token).status_code == 302  # type: ignore[attr-defined]
    assert broker_store.brought() == "two2"


@pytest.mark.parametrize(
    ("status", "token"),
    [("cancelled", TOKEN), ("", TOKEN), ("success", ""), ("success", "<script>"), ("success", "é")],
)
def test_a_login_that_failed_is_one_sentence(
    client: FlaskClient, broker_store: SessionStore, status: str, token: str
) -> None:
    answer = back(client, nonce_of(led_to(client)), status, token)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert answer.text.count("did not succeed") == 1  # type: ignore[attr-defined]
    assert broker_store.brought() is None


def test_a_forged_form_leads_nowhere(client: FlaskClient) -> None:
    assert client.post("/broker/login", data={"csrf": "forged"}).status_code == 400
    sent = client.post("/broker/login", headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403


def test_the_form_may_lead_to_the_broker_and_nowhere_else(client: FlaskClient) -> None:
    policy = client.get("/broker").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9;" in policy


def test_nobody_gets_there_unasked(settings: Settings, make_app: MakeApp) -> None:
    stranger = make_app(settings).test_client()
    assert stranger.get("/broker").headers["Location"] == "/login?next=/broker"
    # a token of the broker belongs into no other address
    assert stranger.get("/broker/callback?request_token=x").headers["Location"] == "/login"


def test_it_says_who_is_logged_in_and_until_about_when(
    client: FlaskClient, broker_store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nobody is logged in at the broker." in client.get("/broker").text
    broker_store.keep("AB1234", "secret-token")
    page = client.get("/broker").text
    assert "AB1234 logged in at" in page
    assert "ends the session at about 06:00" in page
    assert "secret-token" not in page
    monkeypatch.setattr(broker_sessions, "market_now", lambda: market_now() - timedelta(days=2))
    broker_store.keep("AB1234", "secret-token")
    assert "that session is over" in client.get("/broker").text


def test_a_session_under_another_key_is_said_and_can_be_replaced(
    client: FlaskClient, settings: Settings, broker_store: SessionStore
) -> None:
    SessionStore(broker_folder(settings), "another key").keep("AB1234", "token")
    page = client.get("/broker")
    assert (page.status_code, "under another OI_SECRET_KEY" in page.text) == (200, True)
    back(client, nonce_of(led_to(client)))
    assert broker_store.brought() == TOKEN


def test_without_an_app_at_the_broker_it_says_what_to_set(
    settings: Settings, make_app: MakeApp
) -> None:
    client = signed_in(make_app(replace(settings, kite_api_key=None)))
    page = client.get("/broker").text
    assert "set OI_KITE_API_KEY and OI_KITE_API_SECRET" in page
    assert "<form" not in page
