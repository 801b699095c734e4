"""From a commit in the database to the viewers, through the real web server."""

import signal
import urllib.request
from collections.abc import Callable

import pytest
from sqlalchemy import URL

from app.web.auth import signin
from tests.support.databases import DatabaseServer
from tests.web import USERNAME
from tests.web.conftest import Store
from tests.web.serving import WebServer, following
from tests.web.test_unavailable import away, back


def test_a_commit_reaches_the_viewers_as_a_delta(web: WebServer, store: Store) -> None:
    store()
    cookie = web.sign_in()
    with (
        following(web, "NSE", cookie=cookie) as one,
        following(web, "NSE", cookie=cookie) as other,
    ):
        full = [viewer.message("full") for viewer in (one, other)]
        assert [len(message["legs"]) for message in full] == [18, 18]
        store(minute=1, oi=lambda strike, side: 7000 if strike == 26_000 else 6500)
        for viewer in (one, other):
            delta = viewer.message("delta")
            assert delta["base"] == full[0]["sequence"]
            fields = full[0]["fields"]
            changed = {
                (strike, side): dict(zip(pairs[::2], pairs[1::2], strict=True))
                for strike, side, *pairs in delta["cells"]
            }
            assert changed[26_000.0, "CE"][fields.index("oi")] == 7000


def test_without_a_session_nobody_follows(web: WebServer) -> None:
    with following(web, "NSE") as viewer:
        assert viewer.refused == 401


def signed_out(web: WebServer, cookie: str) -> None:
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    request = urllib.request.Request(f"{web.url}/logout", headers=headers)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310


def password_changed(web: WebServer, cookie: str) -> None:
    signin.write(web.home, USERNAME, "another horse, another battery")


@pytest.mark.parametrize("ends", [signed_out, password_changed])
def test_a_socket_ends_with_its_session(
    web: WebServer, store: Store, ends: Callable[[WebServer, str], None]
) -> None:
    store()
    cookie = web.sign_in()
    with following(web, "NSE", cookie=cookie) as viewer:
        viewer.message("full")
        ends(web, cookie)
        assert "sign in again" in viewer.message("end")["reason"]
        assert viewer.close_code() == 4401
    with following(web, "NSE", cookie=cookie) as again:
        assert again.refused == 401


def test_followers_hear_that_the_database_is_away_and_get_what_they_missed(
    web: WebServer, store: Store, server: DatabaseServer, database: URL
) -> None:
    store()
    with following(web, "NSE", cookie=web.sign_in()) as viewer:
        known = viewer.message("full")["sequence"]
        away(server, database)
        while not (problem := viewer.message("clock")["problem"]):
            pass
        assert problem.startswith("The database does not answer")
        back(server, database)
        store(minute=1, index=26_030.0)
        delta = viewer.message("delta")
        assert delta["base"] == known
        assert delta["summary"]["underlying_price"] == 26_030.0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_while_viewers_watch(
    web: WebServer, store: Store, how: signal.Signals
) -> None:
    store()
    with following(web, "NSE", cookie=web.sign_in()) as viewer:
        viewer.message("full")
        assert web.stop(how) == 0


def test_a_busy_port_is_one_sentence(web: WebServer) -> None:
    second = web.command()
    output = second.communicate(timeout=60)[1].decode()
    assert second.returncode == 2
    assert output.startswith(f"Error: Port {web.port} is in use;")
    assert "OI_PORT" in output
