"""Signing in over the broker's login page, against the stand-in for it."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL

from app.kite.session import SessionStore, broker_folder
from app.kite.standin import StandIn
from app.kite.standin.hours import Hours
from app.kite.standin.visit import _NoRedirects
from db.errors import SettingsError
from db.settings import Settings, settings_from
from tests.support.databases import connection
from tests.web.conftest import MakeApp

KEY = "a key of these tests"
NAME = "kite:SI0001"


@pytest.fixture(scope="module")
def broker() -> Iterator[StandIn]:
    with StandIn(hours=Hours(always=True)) as found:
        yield found


@pytest.fixture
def settings(settings: Settings, broker: StandIn) -> Settings:
    """Those of a server on whose list the stand-in's user stands."""
    return replace(
        settings,
        secret_key=KEY,
        kite_api_key="standin",
        kite_api_secret="standin-secret",  # noqa: S106
        kite_root=broker.url,
        kite_login_url=f"{broker.url}/connect/login",
        kite_users=("ZZ9999", "SI0001"),
    )


def made(make_app: MakeApp, settings: Settings) -> Flask:
    app = make_app(settings)
    app.extensions["oi"].live.close()
    return app


@pytest.fixture
def app(settings: Settings, make_app: MakeApp) -> Flask:
    return made(make_app, settings)


@pytest.fixture
def store(settings: Settings) -> SessionStore:
    return SessionStore(broker_folder(settings), KEY)


def led_to(client: FlaskClient, wish: str = "") -> str:
    """Press the button of the login page; the address of the broker's page."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert csrf
    answer = client.post("/login/kite", data={"csrf": csrf[1], "next": wish})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def logged_in(page: str) -> str:
    """Log in on the broker's page; the query of the address that it leads back to."""
    opener = urllib.request.build_opener(_NoRedirects)
    with pytest.raises(urllib.error.HTTPError) as led:
        opener.open(page).close()
    led.value.close()
    return urlsplit(led.value.headers["Location"]).query


def came_back(client: FlaskClient, wish: str = "") -> FlaskClient:
    answer = client.get(f"/broker/callback?{logged_in(led_to(client, wish))}")
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"] == (wish or "/")
    return client


def test_who_is_on_the_list_is_in_under_the_brokers_name(
    app: Flask, store: SessionStore, as_web: URL
) -> None:
    client = came_back(app.test_client(), "/?exchange=BSE")

    assert client.get("/api/alerts").status_code == 200
    with connection(as_web) as session:
        assert session.execute("SELECT username FROM site_sessions").fetchall() == [(NAME,)]
    # a viewer's login gives the feed nothing, and leaves no session behind at the broker
    assert store.load() is None
    assert client.get("/broker").text.count("Only an administrator") <= 1
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/logout").text)
    assert csrf
    client.post("/logout", data={"csrf": csrf[1]})
    assert client.get("/api/alerts").status_code == 401


def test_who_is_not_on_the_list_stays_out(
    settings: Settings, make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    client = made(make_app, replace(settings, kite_users=("ZZ9999",))).test_client()
    answer = client.get(f"/broker/callback?{logged_in(led_to(client))}")
    assert answer.status_code == 403
    assert client.get("/api/alerts").status_code == 401
    assert "a user id not allowed" in caplog.text


def test_a_name_that_leaves_the_list_is_out_at_once(
    settings: Settings, make_app: MakeApp, app: Flask
) -> None:
    client = came_back(app.test_client())
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    other = made(make_app, replace(settings, kite_users=("ZZ9999",))).test_client()
    other.set_cookie(cookie.key, cookie.value)
    assert other.get("/api/alerts").status_code == 401


def test_an_administrators_login_serves_the_feed_too(
    settings: Settings, make_app: MakeApp, store: SessionStore
) -> None:
    app = made(make_app, replace(settings, kite_users=("SI0001:admin",)))
    came_back(app.test_client())
    kept = store.load()
    assert kept is not None
    assert kept.user_id == "SI0001"


def test_the_feed_goes_on_when_its_own_account_signs_in(app: Flask, store: SessionStore) -> None:
    store.keep("SI0001", "the token that a new login ends")
    came_back(app.test_client())
    kept = store.load()
    assert kept is not None
    assert kept.access_token != "the token that a new login ends"  # noqa: S105


def test_a_login_that_another_browser_began_signs_nobody_in(app: Flask) -> None:
    victim, attacker = app.test_client(), app.test_client()
    query = logged_in(led_to(attacker))
    led_to(victim)
    answer = victim.get(f"/broker/callback?{query}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")
    assert victim.get("/api/alerts").status_code == 401


def test_a_login_counts_once(app: Flask) -> None:
    client = app.test_client()
    query = logged_in(led_to(client))
    assert client.get(f"/broker/callback?{query}").headers["Location"] == "/"
    # neither word nor token serve again
    again = client.get(f"/broker/callback?{query}")
    assert again.status_code in (400, 403)


@pytest.mark.parametrize("token", ["0" * 32, "<script>", ""])
def test_a_token_that_the_broker_did_not_give_is_refused(app: Flask, token: str) -> None:
    client = app.test_client()
    query = parse_qs(urlsplit(led_to(client)).query)
    state = parse_qs(query["redirect_params"][0])["state"][0]
    given = {"state": state, "status": "success", "request_token": token}
    answer = client.get("/broker/callback", query_string=given)
    assert answer.status_code == 400
    assert client.get("/api/alerts").status_code == 401


def test_guesses_at_tokens_close_the_door(app: Flask) -> None:
    client = app.test_client()
    statuses = []
    for _ in range(6):
        query = parse_qs(urlsplit(led_to(client)).query)
        state = parse_qs(query["redirect_params"][0])["state"][0]
        given = {"state": state, "status": "success", "request_token": "0" * 32}
        answer = client.get("/broker/callback", query_string=given)
        statuses.append(answer.status_code)
    assert statuses == [400] * 5 + [429]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert 'action="/login"' in answer.text


def test_a_broker_that_does_not_answer_is_one_sentence(
    settings: Settings, make_app: MakeApp
) -> None:
    client = made(make_app, replace(settings, kite_root="http://127.0.0.1:9")).test_client()
    answer = client.get(f"/broker/callback?{logged_in(led_to(client))}")
    assert answer.status_code == 503
    assert "The broker does not answer" in answer.text


@pytest.mark.parametrize("wish", ["//evil.example", "https://evil.example", "/\\evil"])
def test_it_leads_to_no_other_site(app: Flask, wish: str) -> None:
    client = app.test_client()
    answer = client.get(f"/broker/callback?{logged_in(led_to(client, wish))}")
    assert answer.headers["Location"] == "/"


def test_without_a_list_there_is_no_such_way(settings: Settings, make_app: MakeApp) -> None:
    client = made(make_app, replace(settings, kite_users=())).test_client()
    page = client.get("/login")
    assert "Sign in with Kite" not in page.text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    assert client.post("/login/kite", data={"csrf": csrf[1]}).status_code == 404


def test_a_form_of_another_page_begins_nothing(app: Flask) -> None:
    client = app.test_client()
    client.get("/login").close()
    assert client.post("/login/kite", data={"csrf": "none"}).status_code == 400


@pytest.mark.parametrize("listed", ["si0001", "SI0001:owner", "SI 0001", "SI0001:", "*"])
def test_a_list_of_something_else_is_refused(listed: str) -> None:
    with pytest.raises(SettingsError, match="OI_KITE_USERS"):
        settings_from({"OI_KITE_USERS": listed})
