"""Requests arrive whole before they get a thread, and nobody can have all threads."""

import contextlib
import fcntl
import http.client
import re
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from app.web.auth.bearer import session_of
from app.web.intake.arriving import BODY_BYTES, HEAD_BYTES, READ_BYTES, Arriving
from app.web.intake.lanes import STRANGERS, Lanes
from db.settings import Settings
from tests.web import PASSWORD
from tests.web.conftest import MakeApp, signed_in
from tests.web.serving import PATIENCE_S
from tests.web.test_sign_in import NOWHERE
from tests.web.test_start import ask, port_of, serving, sign_in

HALF = (
    b"",
    b"GET /login HTTP/1.1\r\nHost: localhost\r\nX",
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 64000\r\n\r\na",
)


def arrived(*pieces: bytes) -> Arriving:
    arriving = Arriving()
    for piece in pieces:
        arriving.add(piece)
    return arriving


@given(st.data())
def test_a_request_is_whole_at_the_same_byte_however_it_is_cut(data: st.DataObject) -> None:
    body = data.draw(st.binary(max_size=40))
    request = b"POST / HTTP/1.1\r\ncontent-LENGTH:  %d \r\n\r\n%s" % (len(body), body)
    cut = data.draw(st.integers(0, len(request) - 1))
    arriving = arrived(request[:cut])
    assert not arriving.is_whole
    arriving.add(request[cut:])
    assert arriving.is_whole
    assert bytes(arriving.data) == request


def test_what_follows_a_request_is_kept_for_the_next() -> None:
    both = arrived(b"\r\nGET / HTTP/1.1\r\n\r\nGET /ne")
    assert both.is_whole
    assert bytes(both.data).endswith(b"GET /ne")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X: %s" % (b"a" * HEAD_BYTES), "431"),
        (b"Content-Length: %d" % (READ_BYTES + 1), "413"),
        (b"Expect: 100-continue\r\nContent-Length: %d" % (BODY_BYTES + 1), "413"),
        (b"Content-Length: 99999999999", "400"),
        (b"Content-Length: 5\r\nContent-Length: 6", "400"),
        (b"Content-Length: +5", "400"),
        (b"Content-Length: ", "400"),
        (b"Transfer-Encoding: chunked", "411"),
    ],
)
def test_what_cannot_become_a_request_is_refused_before_its_body(head: bytes, status: str) -> None:
    arriving = arrived(b"POST / HTTP/1.1\r\n%s\r\n\r\n" % head)
    assert arriving.refusal is not None
    assert arriving.refusal.status.startswith(status)
    assert not arriving.is_whole


@given(st.data())
def test_a_body_too_large_is_refused_when_its_sender_is_done(data: st.DataObject) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES + 1)
    request = head + b"a" * (BODY_BYTES + 1)
    cut = data.draw(st.integers(0, len(request) - 1))
    arriving = arrived(request[:cut])
    assert arriving.refusal is None
    assert not arriving.is_whole
    arriving.add(request[cut:])
    assert arriving.refusal is not None
    assert arriving.refusal.status.startswith("413")
    # nothing of it is kept
    assert len(arriving.data) == len(head)


def test_a_head_without_an_end_is_refused_at_its_limit() -> None:
    arriving = arrived(*[b"a" * 1024] * (HEAD_BYTES // 1024))
    assert arriving.refusal is None
    arriving.add(b"a")
    assert arriving.refusal is not None


def test_who_asks_before_sending_a_body_is_told_to_go_on_once() -> None:
    arriving = arrived(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n")
    assert arriving.wants_invitation
    arriving.invited = True
    assert not arriving.wants_invitation


def test_strangers_wait_for_strangers_and_a_session_for_itself() -> None:
    lanes: Lanes[str] = Lanes(strangers=1, crowd=1, session=2, patient=2)
    assert lanes.enter(STRANGERS, "a") is True
    assert lanes.enter(STRANGERS, "b") is False
    assert lanes.enter(STRANGERS, "c") is None
    assert [lanes.enter("mine", name) for name in "defgh"] == [True, True, False, False, None]
    assert lanes.enter("other", "i") is True
    assert lanes.leave(STRANGERS) == "b"
    assert lanes.leave(STRANGERS) is None
    assert lanes.enter(STRANGERS, "j") is True


def test_only_a_cookie_that_this_site_signed_is_a_session(home: Path, make_app: MakeApp) -> None:
    app = make_app(Settings(home=home, database_url=NOWHERE))
    client = signed_in(app)
    cookie = client.get_cookie("oi_session_5050")
    assert cookie is not None
    with client.session_transaction() as kept:
        sid = kept["sid"]
    assert session_of(app, f"a=b; oi_session_5050={cookie.value}") == sid
    for other in ("", "=", "oi_session_5050=", f"oi_session_5050={cookie.value}x", "oi_session=1"):
        assert session_of(app, other) is None
    stranger = app.test_client()
    stranger.get("/login")
    begun = stranger.get_cookie("oi_session_5050")
    assert begun is not None
    assert session_of(app, f"oi_session_5050={begun.value}") is None


@contextlib.contextmanager
def links(port: int, *requests: bytes) -> Iterator[list[socket.socket]]:
    """A connection for each of these beginnings."""
    with contextlib.ExitStack() as stack:
        made = []
        for request in requests:
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.settimeout(PATIENCE_S)
            link.connect(("127.0.0.1", port))
            made.append(stack.enter_context(link))
            link.sendall(request)
        yield made


def first_line(link: socket.socket) -> bytes:
    return link.makefile("rb").readline()


def test_slow_senders_and_slow_readers_keep_nobody_waiting(home: Path) -> None:
    port = port_of("127.0.0.1")
    with serving(home, "127.0.0.1", port):
        page = ask("127.0.0.1", port, "GET", "/login")
        script = re.search(r'src="(/assets/[^"]+)"', page.text)  # type: ignore[attr-defined]
        path = script[1] if script else "/login"
        unread = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode()
        with links(port, *(half for half in HALF for _ in range(20))) as slow:
            with links(port, *[unread] * 20):
                assert ask("127.0.0.1", port, "GET", "/healthz").status == 200
            # a byte now and then buys no time
            for link in slow[20:40]:
                link.sendall(b"-")
            said = [first_line(link) for link in slow]
            assert said == [b""] * 20 + [b"HTTP/1.1 408 Request Timeout\r\n"] * 40
        large = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"
        asked = large.replace(b"9999999", b"1\r\nExpect: 100-continue")
        with links(port, large, asked) as (refused, invited):
            assert first_line(refused) == b"HTTP/1.1 413 Content Too Large\r\n"
            assert first_line(invited) == b"HTTP/1.1 100 Continue\r\n"
        pipelined = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with links(port, pipelined * 2 + pipelined[:9]) as (link,):
            link.sendall(pipelined[9:].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert link.makefile("rb").read().count(b"HTTP/1.1 200 OK") == 3


def test_a_crowd_of_sign_ins_takes_no_thread_from_who_is_signed_in(home: Path) -> None:
    port = port_of("127.0.0.1")
    hashed = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    environment = {"OI_PASSWORD_HASH": hashed, "OI_TRUSTED_PROXIES": "127.0.0.1"}
    with serving(home, "127.0.0.1", port, **environment), contextlib.ExitStack() as stack:
        cookie = sign_in("127.0.0.1", port)
        form = ask("127.0.0.1", port, "GET", "/login")
        begun = (form.headers["Set-Cookie"] or "").partition(";")[0]
        token = re.search(r'name="csrf" value="([^"]+)"', form.text)  # type: ignore[attr-defined]
        assert token
        with (home / "attempts").open() as counts:
            # no guess ends before this lock is let go
            fcntl.flock(counts, fcntl.LOCK_EX)
            crowd = [
                stack.enter_context(contextlib.closing(guess(port, number, begun, token[1])))
                for number in range(32)
            ]
            # a whole house at the login page waits behind them, and none is sent away
            page = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            house = stack.enter_context(links(port, *[page] * 200))
            assert ask("127.0.0.1", port, "GET", "/nowhere", cookie).status == 404
        assert [link.getresponse().status for link in crowd] == [401] * 32
        assert {first_line(link) for link in house} == {b"HTTP/1.1 200 OK\r\n"}


def guess(port: int, number: int, cookie: str, token: str) -> http.client.HTTPConnection:
    """A wrong password on its way, from an address and by a name of its own."""
    form = {"username": f"user{number}", "password": "wrong", "csrf": token}
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": f"192.0.2.{number}",
    }
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    link.request("POST", "/login", urllib.parse.urlencode(form), headers)
    return link
