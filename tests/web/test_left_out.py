"""Each optimization can be left out: the way without it still works, and gives the same values."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from app import create_app
from db.setting_values import OPTIMIZATIONS
from db.settings import Settings
from tests.support.databases import DatabaseServer
from tests.support.recorded_days import THURSDAY, WEDNESDAY, Recorded, recording
from tests.web.conftest import MakeApp, signed_in
from tests.web.test_unavailable import NOWHERE

CONTRACT = "strike=25000&side=CE"
ROUTES = (
    *("/api/data/NSE", "/api/data/NSE?strikes=5", "/api/state/NSE"),
    *(f"/api/series/NSE/day?day={WEDNESDAY}", "/api/series/NSE/days", "/api/series/NSE/levels"),
    *("/api/series/NSE/heat", "/api/series/NSE/smile", "/api/series/NSE/gamma"),
    *(f"/api/series/NSE/contract?{CONTRACT}&day={WEDNESDAY}", "/api/series/NSE/straddle?strikes=1"),
    *(f"/api/as-of/NSE?at={WEDNESDAY}T09:46:00", f"/api/as-of/NSE?from={WEDNESDAY}T09:15:00"),
    *("/api/days/NSE", f"/api/moments/NSE?day={THURSDAY}", "/api/expiries/NSE"),
    *("/api/comparison/NSE", "/api/comparison/NSE?with=3", "/api/breaches/NSE"),
    "/api/signals/NSE",
)
# what history does not hold of the newest chain: it is told from the live edge alone
LIVE_ALONE = frozenset(
    (
        *("sequence", "seq", "updated_at", "source", "underlying_at", "oi_at", "oi_time"),
        *("underlying_future_symbol", "status", "age_s"),
    )
)
# in the wire's rows fields are told apart by their places
_ROWS = "legs"


@pytest.fixture(scope="module")
def home(kept_sign_in: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left-out")
    (folder / "signin").write_bytes(kept_sign_in)
    (folder / "signin").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def recorded(server: DatabaseServer) -> Iterator[Recorded]:
    with server.database("migrated") as url, recording(url) as made:
        yield made


@pytest.fixture(scope="module")
def settings(home: Path, recorded: Recorded) -> Settings:
    return replace(Settings(), home=home, database_url=recorded.engine.url)


@pytest.fixture(scope="module")
def answers(settings: Settings) -> Iterator[dict[str, Any]]:
    """What is answered with everything on."""
    app = create_app(settings)
    client = signed_in(app)
    yield {route: answer(client, route) for route in ROUTES}
    app.extensions["oi"].close()


def answer(client: FlaskClient, route: str) -> Any:
    found = client.get(route)
    assert found.status_code == 200, (route, found.data)
    return orjson.loads(found.data)


def comparable(value: Any, left_out: frozenset[str]) -> Any:
    """Without what is told from the live edge alone, also where rows name it by its place."""
    if isinstance(value, list):
        return [comparable(each, left_out) for each in value]
    if not isinstance(value, dict):
        return value
    fields = value.get("fields", ())
    places = [place for place, name in enumerate(fields) if name not in left_out]
    found = {name: comparable(each, left_out) for name, each in value.items()}
    if _ROWS in value and places:
        found[_ROWS] = [[row[place] for place in places] for row in value[_ROWS]]
    return {name: each for name, each in found.items() if name not in left_out}


@pytest.mark.parametrize("optimization", [o for o in OPTIMIZATIONS if o != "lazy-models"])
def test_without_it_everything_is_answered_alike(
    settings: Settings, answers: dict[str, Any], make_app: MakeApp, optimization: str
) -> None:
    client = signed_in(make_app(replace(settings, without=(optimization,))))
    # ages, and how long each step of start-up took, are no two times the same
    hidden = frozenset(("age_s", "steps"))
    if optimization == "live-edge":
        hidden |= LIVE_ALONE
    for route, expected in answers.items():
        # whatever is kept is kept by the second time
        for _ in range(2):
            found = comparable(answer(client, route), hidden)
            assert found == comparable(expected, hidden), route


def test_without_the_cache_each_request_reads(
    settings: Settings, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = f"/api/series/NSE/day?day={WEDNESDAY}"
    for without, reads in (((), 1), (("cache",), 3)):
        app = make_app(replace(settings, without=without))
        client, read = signed_in(app), []
        database = app.extensions["oi"].database
        history = database.history
        monkeypatch.setattr(database, "history", lambda: read.append(1) or history())  # noqa: B023
        for _ in range(3):
            assert client.get(route).status_code == 200
        assert len(read) == reads


def test_without_the_push_pages_are_told_to_poll(settings: Settings, make_app: MakeApp) -> None:
    client = signed_in(make_app(replace(settings, without=("push",))))
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    ours, theirs = socket.socketpair()
    with ours, theirs:
        refused = client.get("/live", headers=headers, environ_base={"gunicorn.socket": ours})
    assert refused.status_code == 501
    assert "poll /api/state" in refused.json["error"]


def test_without_a_start_in_the_background_the_database_is_read_before_the_first_page(
    settings: Settings, make_app: MakeApp
) -> None:
    for without, ready in (((), False), (("background-start",), True)):
        states = make_app(replace(settings, without=without)).extensions["oi"].states
        assert ("NSE" in states._kept) is ready


def test_a_start_that_cannot_reach_the_database_serves_pages_all_the_same(
    home: Path, make_app: MakeApp
) -> None:
    nowhere = Settings(home=home, without=("background-start",), connect_timeout_s=1)
    app = make_app(replace(nowhere, database_url=NOWHERE))
    assert app.test_client().get("/login").status_code == 200
