"""Signing in and out, before any database is there."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url

from app.web.auth import signin
from app.web.auth.attempts import AttemptLimit
from db.errors import InvalidInputError, SettingsError
from db.settings import Settings, settings_from
from tests.web import PASSWORD
from tests.web.conftest import MakeApp

NOWHERE = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


ClientOf = Callable[[Settings], FlaskClient]


@pytest.fixture
def client_of(make_app: MakeApp) -> ClientOf:
    return lambda settings: make_app(
        replace(settings, database_url=settings.database_url or NOWHERE)
    ).test_client()


@pytest.fixture
def client(home: Path, client_of: ClientOf) -> FlaskClient:
    return client_of(Settings(home=home))


def token(client: FlaskClient, path: str = "/login") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, password: str = PASSWORD, **form: str):
    fields = {"username": "trader", "password": password, "csrf": token(client), **form}
    return client.post("/login", data=fields)


def test_the_login_page_renders_without_a_database(client: FlaskClient) -> None:
    page = client.get("/login")
    assert page.status_code == 200
    assert "Printed where the demo runs." in page.text


def test_without_a_sign_in_the_page_says_how_to_set_one(
    tmp_path: Path, client_of: ClientOf
) -> None:
    page = client_of(Settings(home=tmp_path)).get("/login")
    assert page.status_code == 200
    assert "python -m app password" in page.text
    assert "<form" not in page.text


def test_without_a_sign_in_nobody_enters(tmp_path: Path, client_of: ClientOf) -> None:
    client = client_of(Settings(home=tmp_path))
    with client.session_transaction() as session:
        session["csrf"] = "known"
    answer = client.post("/login", data={"username": "", "password": "", "csrf": "known"})
    assert answer.status_code == 503
    assert client.get("/").location.startswith("/login")


def test_the_right_password_leads_to_the_dashboard(client: FlaskClient) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/")
    cookie = client.get_cookie("oi_session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


@pytest.mark.parametrize(
    ("username", "password"), [("trader", "wrong"), ("other", PASSWORD), ("", "")]
)
def test_wrong_credentials_are_refused_without_saying_which(
    client: FlaskClient, username: str, password: str
) -> None:
    answer = sign_in(client, password, username=username)
    assert answer.status_code == 401
    assert "User name or password is not right." in answer.text
    assert client.get("/").status_code == 302


def test_a_form_without_the_pages_token_is_refused(client: FlaskClient) -> None:
    client.get("/login")
    answer = client.post("/login", data={"username": "trader", "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/").status_code == 302


def test_five_failures_close_the_door_even_for_the_right_password(client: FlaskClient) -> None:
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_the_limit_is_over_after_a_minute_and_per_address() -> None:
    now = [0.0]
    limit = AttemptLimit(clock=lambda: now[0])
    for _ in range(5):
        limit.failed("a")
    assert limit.wait_s("a") == 60.0
    assert limit.wait_s("b") == 0.0
    now[0] = 60.0
    assert limit.wait_s("a") == 0.0


def test_after_logout_the_dashboard_asks_again(client: FlaskClient) -> None:
    sign_in(client)
    assert client.get("/logout").location == "/login"
    assert client.get("/").location == "/login"


def test_a_changed_password_ends_older_sessions(client: FlaskClient, home: Path) -> None:
    sign_in(client)
    assert client.get("/login").status_code == 302
    signin.write(home, "trader", "another password")
    assert client.get("/login").status_code == 200


@pytest.mark.parametrize("path", ["/", "/?exchange=BSE"])
def test_pages_lead_to_the_login_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


@pytest.mark.parametrize(
    "path", ["/api/system-status", "/api/data/NSE", "/api/pcr/NSE", "/api/chain/NSE.csv"]
)
def test_json_routes_answer_401(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert "sign in" in answer.json["error"].lower()


def test_the_page_asked_for_is_shown_after_signing_in(client: FlaskClient) -> None:
    wish = urlsplit(client.get("/?exchange=BSE").location).query
    answer = sign_in(client, next=parse_qs(wish)["next"][0])
    assert answer.location == "/?exchange=BSE"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/\\example.org"])
def test_signing_in_never_leads_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    assert sign_in(client, next=elsewhere).location == "/"


def test_a_hash_in_the_environment_goes_before_the_file(home: Path, client_of: ClientOf) -> None:
    from argon2 import PasswordHasher

    hashed = PasswordHasher().hash("from the environment")
    client = client_of(Settings(home=home, password_hash=hashed))
    assert sign_in(client).status_code == 401
    assert sign_in(client, "from the environment").status_code == 302


def test_a_hash_that_is_none_is_named_with_its_remedy(tmp_path: Path) -> None:
    settings = settings_from({"OI_HOME": str(tmp_path), "OI_PASSWORD_HASH": "plain text"})
    known = signin.configured(settings)
    assert known is not None
    with pytest.raises(SettingsError, match=r"OI_PASSWORD_HASH .*python -m app password"):
        known.accepts("trader", "plain text")


def test_a_broken_sign_in_file_is_reported_on_the_page(tmp_path: Path, client_of: ClientOf) -> None:
    (tmp_path / "signin").write_text("{")
    page = client_of(Settings(home=tmp_path)).get("/login")
    assert page.status_code == 200
    assert "is not a sign-in file" in page.text


def test_the_sign_in_file_is_private_and_holds_no_password(home: Path) -> None:
    file = home / "signin"
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text()


@pytest.mark.parametrize(("username", "password"), [(" ", PASSWORD), ("trader", "short")])
def test_unfit_sign_ins_are_not_written(tmp_path: Path, username: str, password: str) -> None:
    with pytest.raises(InvalidInputError):
        signin.write(tmp_path, username, password)
    assert not signin.exists(tmp_path)


def test_sessions_outlive_the_process(home: Path, client_of: ClientOf) -> None:
    first = client_of(Settings(home=home))
    sign_in(first)
    cookie = first.get_cookie("oi_session")
    assert cookie is not None
    second = client_of(Settings(home=home))
    second.set_cookie("oi_session", cookie.value)
    assert second.get("/login").status_code == 302
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/login", "/healthz", "/api/data/NSE", "/nowhere"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_health_is_public_and_says_nothing_private(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok", "following": False}
