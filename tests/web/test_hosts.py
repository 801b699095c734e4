"""Which hosts are answered for, and who asks when proxies stand before the server."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url

from app.web.hosts import admitted, host_name
from app.web.proxies import TrustedProxies, counted_as
from db.errors import SettingsError
from db.settings import Settings, settings_from
from tests.web.conftest import MakeApp

NOWHERE = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


@pytest.fixture
def client_of(home: Path, make_app: MakeApp) -> Callable[..., FlaskClient]:
    def make(**changes: object) -> FlaskClient:
        settings = Settings(home=home, database_url=NOWHERE)
        return make_app(replace(settings, **changes)).test_client()

    return make


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:5050", "localhost"),
        ("127.0.0.1:5050", "127.0.0.1"),
        ("[::1]:5050", "[::1]"),
        ("oi.example.org.", "oi.example.org"),
        ("xn--e1afmkfd.example:80", "xn--e1afmkfd.example"),
        ("", None),
        (" ", None),
        ("a b", None),
        ("a,b", None),
        ("host:port", None),
        ("host:123456", None),
        ("user@host", None),
        ("[::1", None),
        ("[zz::1]", None),
        ("[:::]", None),
        ("ho\tst", None),
        ("höst", None),
        ("host/path", None),
        (".", None),
        ("localhost\n", None),
    ],
)
def test_a_host_header_is_a_name_or_an_address_and_perhaps_a_port(
    host: str, name: str | None
) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["", "http://[", "a b", "localhost:99x", "[::1"])
def test_a_malformed_host_is_the_askers_mistake(
    client_of: Callable[..., FlaskClient], host: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client_of().get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json == {"error": "The Host header of this request is malformed."}
    assert caplog.records == []


def test_another_host_than_the_allowed_ones_is_refused(
    client_of: Callable[..., FlaskClient],
) -> None:
    client = client_of(allowed_hosts=("oi.example.org",))
    assert client.get("/healthz", headers={"Host": "oi.example.org:443"}).status_code == 200
    answer = client.get("/healthz", headers={"Host": "evil.example.org"})
    assert answer.status_code == 400
    assert "OI_ALLOWED_HOSTS" in answer.json["error"]


@pytest.mark.parametrize(
    ("listens", "allowed", "asked", "answered"),
    [
        ("127.0.0.1", (), "anything.example", True),
        ("::1", (), "anything.example", True),
        ("localhost", (), "anything.example", True),
        ("0.0.0.0", (), "anything.example", False),  # noqa: S104 - nothing listens
        ("0.0.0.0", (), "192.0.2.1", True),  # noqa: S104
        ("::", (), "[2001:db8::1]", True),
        ("0.0.0.0", (), "localhost", True),  # noqa: S104
        ("desk.lan", (), "desk.lan", True),
        ("0.0.0.0", ("*",), "anything.example", True),  # noqa: S104
        ("127.0.0.1", ("oi.example",), "anything.example", False),
        ("127.0.0.1", ("OI.example",), "oi.example", True),
    ],
)
def test_names_beyond_this_machine_must_be_allowed(
    listens: str, allowed: tuple[str, ...], asked: str, answered: bool
) -> None:
    admits = admitted(Settings(host=listens, allowed_hosts=allowed))
    assert bool(admits(asked)) is answered


def seen(trusted: tuple[str, ...], peer: str, **headers: str) -> tuple[str, str]:
    """The client's address and the scheme that the application is told."""
    told: dict[str, str] = {}

    def application(environ, start):  # type: ignore[no-untyped-def]
        told.update(address=environ["REMOTE_ADDR"], scheme=environ["wsgi.url_scheme"])
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}
    TrustedProxies(application, trusted)(environ, lambda *_: None)  # type: ignore[arg-type]
    return told["address"], told["scheme"]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ((), "10.0.0.1", "198.51.100.1", "10.0.0.1"),
        (("10.0.0.0/8",), "192.0.2.9", "198.51.100.1", "192.0.2.9"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", "invented, 198.51.100.1", "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", "203.0.113.7, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", "10.1.1.1", "10.1.1.1"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.1, rubbish", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (("::1",), "::1", "[2001:db8::1]:4711", "2001:db8::1"),
        (("127.0.0.1",), "::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (("10.0.0.0/8",), "", "198.51.100.1", ""),
    ],
)
def test_the_client_is_who_no_trusted_proxy_is(
    trusted: tuple[str, ...], peer: str, forwarded: str, client: str
) -> None:
    assert seen(trusted, peer, **{"for": forwarded})[0] == client


def test_only_a_trusted_proxy_says_that_the_page_came_over_https() -> None:
    assert seen((), "10.0.0.1", proto="https")[1] == "http"
    assert seen(("10.0.0.1",), "10.0.0.1", proto="https")[1] == "https"
    assert seen(("10.0.0.1",), "10.0.0.1", proto="https, http")[1] == "http"
    assert seen(("10.0.0.1",), "10.0.0.1", proto="gopher")[1] == "http"


def test_a_proxy_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="OI_TRUSTED_PROXIES cannot hold 'nginx'"):
        settings_from({"OI_TRUSTED_PROXIES": "10.0.0.1, nginx"})


def test_limits_count_by_address_and_by_network_of_ipv6() -> None:
    assert counted_as("192.0.2.1") == "192.0.2.1"
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff") == "2001:db8::/64"
    assert counted_as(None) == counted_as("rubbish") == "unknown"


def test_behind_a_proxy_one_visitor_does_not_lock_out_the_others(
    client_of: Callable[..., FlaskClient],
) -> None:
    from tests.web.test_sign_in import sign_in

    client = client_of(trusted_proxies=("127.0.0.1",))
    client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.1"
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 401
    assert sign_in(client, "wrong").status_code == 429
    client.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.2"
    assert sign_in(client).status_code == 302


def test_a_cookie_that_came_over_https_stays_on_https(
    client_of: Callable[..., FlaskClient],
) -> None:
    client = client_of(trusted_proxies=("127.0.0.1",))
    answer = client.get("/login", headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_a_browser_that_came_over_https_comes_so_for_a_year(
    client_of: Callable[..., FlaskClient],
) -> None:
    client = client_of(trusted_proxies=("127.0.0.1",))
    secure = client.get("/login", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/login").headers
