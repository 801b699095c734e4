"""Signing in and out, before any database is there."""

import base64
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from app.web.auth import signin
from app.web.auth.bearer import session_of
from app.web.auth.destination import is_path_of_this_site
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


def test_a_clock_that_is_set_back_signs_nobody_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(client).status_code == 302
    (cookie,) = client.get("/logout").request.headers.getlist("Cookie")
    now = time.time()
    for seconds, is_known in ((-60, True), (-86_400, True), (366 * 86_400, False)):
        monkeypatch.setattr("time.time", lambda seconds=seconds: now + seconds)
        assert (client.get("/logout").status_code == 200) is is_known
        assert (session_of(client.application, cookie) is not None) is is_known


def test_without_a_sign_in_the_page_says_how_to_set_one(
    tmp_path: Path, client_of: ClientOf
) -> None:
    page = client_of(Settings(home=tmp_path)).get("/login")
    assert page.status_code == 200
    assert "python -m app user add" in page.text
    assert "python -m app password" in page.text


def test_without_a_sign_in_nobody_enters(tmp_path: Path, client_of: ClientOf) -> None:
    client = client_of(Settings(home=tmp_path))
    with client.session_transaction() as session:
        session["csrf"] = "00" * 24
    known = base64.urlsafe_b64encode(bytes(48)).decode()
    answer = client.post("/login", data={"username": "", "password": "", "csrf": known})
    assert answer.status_code == 503
    assert client.get("/").location.startswith("/login")


def test_the_right_password_leads_to_the_dashboard(client: FlaskClient) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/")
    cookie = client.get_cookie("oi_session_5050")
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
    assert "User name, password or code is not right." in answer.text
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


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_after_logout_the_dashboard_asks_again(client: FlaskClient, site: str) -> None:
    sign_in(client)
    assert client.get("/logout", headers={"Sec-Fetch-Site": site}).location == "/login"
    assert client.get("/").location == "/login"
    assert client.get("/logout").location == "/login"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch;prerender"},
        {},
    ],
)
def test_nothing_but_a_wish_signs_out(client: FlaskClient, headers: dict[str, str]) -> None:
    sign_in(client)
    page = client.get("/logout", headers=headers)
    assert page.status_code == 200
    assert "Sign out on this device?" in page.text
    assert client.get("/login").status_code == 302
    answer = client.post("/logout", data={"csrf": token(client, "/logout")})
    assert answer.location == "/login"
    assert client.get("/login").status_code == 200


@pytest.mark.parametrize("given", ["", "x", "AAAA", "é", base64.urlsafe_b64encode(bytes(48))])
def test_signing_out_needs_the_pages_token(client: FlaskClient, given: str) -> None:
    sign_in(client)
    token(client, "/logout")
    answer = client.post("/logout", data={"csrf": given})
    assert answer.status_code == 400
    assert "This page had expired" in answer.text
    assert client.get("/login").status_code == 302


def test_a_form_shows_its_token_differently_each_time(client: FlaskClient) -> None:
    assert token(client) != token(client)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://localhost:81"},
        {"Origin": ""},
    ],
)
def test_no_form_of_another_site_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    form = {"username": "trader", "password": PASSWORD, "csrf": token(client)}
    assert client.post("/login", data=form, headers=headers).status_code == 403
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "https://localhost"},
        {"Origin": "http://LOCALHOST"},
    ],
)
def test_a_form_of_this_site_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    form = {"username": "trader", "password": PASSWORD, "csrf": token(client)}
    assert client.post("/login", data=form, headers=headers).status_code == 302


def test_a_cookie_that_was_signed_out_opens_nothing(client: FlaskClient) -> None:
    sign_in(client)
    cookie = client.get_cookie("oi_session_5050")
    assert cookie is not None
    client.post("/logout", data={"csrf": token(client, "/logout")})
    client.set_cookie("oi_session_5050", cookie.value)
    assert client.get("/login").status_code == 200


def test_signing_in_again_ends_the_session_before(client: FlaskClient) -> None:
    sign_in(client)
    first = client.get_cookie("oi_session_5050")
    assert first is not None
    form = {"username": "trader", "password": PASSWORD, "csrf": token(client, "/logout")}
    assert client.post("/login", data=form).status_code == 302
    second = client.get_cookie("oi_session_5050")
    assert second is not None
    assert second.value != first.value
    client.set_cookie("oi_session_5050", first.value)
    assert client.get("/login").status_code == 200


def test_two_servers_on_one_host_keep_their_own_cookies(home: Path, client_of: ClientOf) -> None:
    client = client_of(Settings(home=home, port=6060))
    sign_in(client)
    assert client.get_cookie("oi_session_6060") is not None


def test_sign_ins_are_logged_without_what_was_typed(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "app.web.auth")
    sign_in(client, "wrong", username="a password in the wrong field")
    sign_in(client, "wrong")
    sign_in(client)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "Sign-in of an unknown user from 127.0.0.1 failed",
        "Sign-in of trader from 127.0.0.1 failed",
        "Sign-in of trader from 127.0.0.1 succeeded",
    ]


def test_where_the_home_cannot_be_written_sessions_last_as_long_as_the_server(
    home: Path, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(dir: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("app.web.auth.store.tempfile.TemporaryFile", refuse)
    client = client_of(Settings(home=home))
    sign_in(client)
    assert client.get("/login").status_code == 302
    assert [path.name for path in home.iterdir()] == ["signin"]


def test_a_home_that_is_a_file_is_refused(tmp_path: Path, client_of: ClientOf) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingsError, match="is not a folder"):
        client_of(Settings(home=file))


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
    "path", ["/api/system-status", "/api/data/NSE", "/api/series/NSE/day", "/api/chain/NSE.csv"]
)
def test_json_routes_answer_401(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert "sign in" in answer.json["error"].lower()


def test_the_page_asked_for_is_shown_after_signing_in(client: FlaskClient) -> None:
    wish = urlsplit(client.get("/?exchange=BSE").location).query
    answer = sign_in(client, next=parse_qs(wish)["next"][0])
    assert answer.location == "/?exchange=BSE"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/",
        "//example.org/",
        "/\\example.org",
        "/\t/example.org",
        "/\n/example.org",
        "/\r\nSet-Cookie: a=b",
        "\x00//example.org",
        "javascript:alert(1)",
        "/x\x7f",
        "/" + "a" * 3000,
    ],
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    assert sign_in(client, next=elsewhere).location == "/"


@settings(deadline=None)
@given(st.text(alphabet="/\\\t\n\r\x00 .:@[]?#%ahttps0é\u2028", max_size=12).map("/".__add__))
@example("/\t/example.org")
@example("/ /example.org")
def test_a_path_that_is_taken_stays_on_this_site_in_a_browser(wish: str) -> None:
    assume(is_path_of_this_site(wish))
    # what a browser does before it resolves an address
    read = re.sub("[\t\n\r]", "", wish.strip("".join(map(chr, range(33))))).replace("\\", "/")
    arrived = urlsplit(urljoin("https://oi.example.org/login", read))
    assert (arrived.scheme, arrived.netloc) == ("https", "oi.example.org")


@pytest.mark.parametrize("wish", ["/", "/?exchange=BSE", "/a/b?c=d%2F#e", "/api/data/NSE"])
def test_paths_of_this_site_are_taken(wish: str) -> None:
    assert is_path_of_this_site(wish)


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
    cookie = first.get_cookie("oi_session_5050")
    assert cookie is not None
    second = client_of(Settings(home=home))
    second.set_cookie("oi_session_5050", cookie.value)
    assert second.get("/login").status_code == 302
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/login", "/healthz", "/api/data/NSE", "/nowhere"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_what_stands_within_a_page_counts_by_a_nonce_that_is_new_with_each(
    client: FlaskClient,
) -> None:
    answers = [client.get("/login"), client.get("/login"), client.get("/nowhere")]
    nonces = []
    for answer in answers:
        (found,) = set(
            re.findall(r"'nonce-([\w-]{22})'", answer.headers["Content-Security-Policy"])
        )
        tags = re.findall(r"<(?:style|script)\b[^>]*>", answer.get_data(as_text=True))
        assert tags
        assert all(f'nonce="{found}"' in tag for tag in tags)
        nonces.append(found)
    assert len(set(nonces)) == len(nonces)
    assert "nonce" not in client.get("/healthz").headers["Content-Security-Policy"]


def test_health_is_public_and_says_nothing_private(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok", "following": False}


def test_servers_on_two_ports_of_one_host_keep_each_others_sessions(
    home: Path, client_of: ClientOf
) -> None:
    names = set()
    for port in (5050, 5051):
        client = client_of(Settings(home=home, port=port))
        client.get("/login").close()
        names |= {cookie for cookie in (f"oi_session_{port}",) if client.get_cookie(cookie)}
    assert names == {"oi_session_5050", "oi_session_5051"}
