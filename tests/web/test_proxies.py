"""Behind the proxies as deploy/ sets them up, a trader finds all that is there without."""

import gzip
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import URL

from tests.support import proxies
from tests.support.proxies import NAME, Proxy
from tests.web import PASSWORD, USERNAME
from tests.web.conftest import Store
from tests.web.serving import web_server

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=["nginx", "composed", "caddy"])
def proxy(request: pytest.FixtureRequest, home: Path, as_web: URL) -> Iterator[Proxy]:
    more = {"OI_TRUSTED_PROXIES": "127.0.0.1", "OI_ALLOWED_HOSTS": f"{NAME},127.0.0.1"}
    with web_server(home, as_web, more) as web, getattr(proxies, request.param)(web.port) as found:
        yield found


def begun(proxy: Proxy) -> tuple[str, str]:
    """The login page's cookie and token."""
    answer, page = proxy.ask("GET", "/login", {"Accept-Encoding": "gzip"})
    assert answer.status == 200
    # its length would tell what is secret in it
    assert answer.headers["Content-Encoding"] is None
    found = re.search(r'name="csrf" value="([^"]+)"', page.decode())
    assert found
    return (answer.headers["Set-Cookie"] or "").partition(";")[0], found[1]


def tried(
    proxy: Proxy, user: str, password: str, begun: tuple[str, str], **headers: str
) -> tuple[int, str]:
    """The status of a sign-in, and the cookie that it gives."""
    cookie, token = begun
    form = urlencode({"username": user, "password": password, "csrf": token})
    told = {"Content-Type": FORM, "Cookie": cookie, "Origin": proxy.origin, **headers}
    answer, _ = proxy.ask("POST", "/login", told, form)
    return answer.status, answer.headers["Set-Cookie"] or ""


def test_a_trader_signs_in_and_follows_a_chain(proxy: Proxy, store: Store) -> None:
    store()
    answer, _ = proxy.ask("GET", "/login")
    is_secure = proxy.secure is not None
    assert ("Strict-Transport-Security" in answer.headers) == is_secure
    status, cookie = tried(proxy, USERNAME, PASSWORD, begun(proxy))
    assert status == 302
    assert ("Secure" in cookie) == is_secure
    session = {"Cookie": cookie.partition(";")[0]}

    answer, body = proxy.ask("GET", "/api/data/NSE", {**session, "Accept-Encoding": "gzip"})
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    # packed once: what is within is the answer itself
    assert gzip.decompress(body).startswith(b"{")

    page = {**session, "Origin": proxy.origin}
    with closing(proxy.follow("/live?follow=NSE", page)) as viewer:
        known = viewer.message("full")["sequence"]
        store(minute=1)
        assert viewer.data()["sequence"] > known
    elsewhere = {**session, "Origin": "https://evil.example.org"}
    with closing(proxy.follow("/live?follow=NSE", elsewhere)) as stranger:
        assert stranger.refused == 403


def test_guesses_count_for_who_asks_whatever_they_say_of_themselves(proxy: Proxy) -> None:
    page = begun(proxy)
    found = [
        tried(proxy, f"user{n}", "wrong", page, **{"X-Forwarded-For": f"203.0.113.{n}"})[0]
        for n in range(6)
    ]
    assert found == [401] * 5 + [429]


def test_what_is_too_large_is_refused_as_such(proxy: Proxy) -> None:
    for size in (70_000, 99_999, 100_000, 300_000):
        answer, _ = proxy.ask("POST", "/login", {"Content-Type": FORM}, "x" * size)
        assert answer.status == 413, size
    answer, _ = proxy.ask("GET", "/login", {f"X-{n}": "x" * 1000 for n in range(60)})
    assert answer.status in (400, 431)
    answer, _ = proxy.ask("GET", "/login?next=" + "x" * 60_000)
    assert answer.status in (400, 414, 431)
    told = {"Content-Type": FORM, "Transfer-Encoding": "chunked"}
    # one that has no length: nginx counts it, Caddy hands it on as it comes
    answer, _ = proxy.ask("POST", "/login", told, "3\r\na=b\r\n0\r\n\r\n")
    assert answer.status in (400, 411)


def test_what_is_not_for_strangers_stays_behind_it(proxy: Proxy) -> None:
    if proxy.secure is None:
        return
    for probe in ("/healthz", "/readyz"):
        assert proxy.ask("GET", probe)[0].status in (403, 404)
    plain = Proxy(proxy.plain, None)
    answer, _ = plain.ask("GET", "/login?next=/")
    assert answer.status in (301, 308)
    assert answer.headers["Location"].endswith("/login?next=/")
    assert answer.headers["Location"].startswith("https://")
