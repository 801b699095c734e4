"""The web server and its database, as the tests of the web have them; a hub and its viewers."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from wsproto.connection import Connection, ConnectionType

from app.push.deflate import inflating
from app.push.frames import Accepted
from app.push.hub import Hub, HubFullError
from app.push.wishes import Follow
from tests.support.websockets import PATIENCE_S, WebSocketClient
from tests.web.conftest import as_web, home, kept_sign_in, store, web

__all__ = ["as_web", "home", "kept_sign_in", "store", "web"]

Watch = Callable[..., WebSocketClient]

_HELLO = b"HELLO"


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    yield made
    made.close()


@pytest.fixture
def watch(hub: Hub) -> Iterator[Watch]:
    """Lets a viewer join a hub; its end of the link is closed after the test."""
    opened: list[WebSocketClient] = []

    def watch(
        *exchanges: str,
        follow: Follow | None = None,
        session: str = "",
        user: str | None = None,
        room: int | None = None,
        deflate: bool = False,
        into: Hub | None = None,
    ) -> WebSocketClient:
        wanted = dict.fromkeys(exchanges or ("NSE",)) if follow is None else follow
        client, theirs, link = ends(deflate=deflate, room=room)
        opened.append(client)
        try:
            (into or hub).join(theirs, link, wanted, session, user)
        except HubFullError:
            theirs.close()
            raise
        assert client.sock.recv(len(_HELLO)) == _HELLO
        return client

    yield watch
    for client in opened:
        client.close()


def ends(
    *, deflate: bool = False, room: int | None = None
) -> tuple[WebSocketClient, socket.socket, Accepted]:
    """A client, the server's end of its link, and the handshake they have agreed on."""
    theirs, ours = socket.socketpair()
    if room is not None:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
    # frames to these clients are plain, so that one of the protocol's machines reads them as it is
    server = Connection(ConnectionType.SERVER, [inflating()] if deflate else [])
    client = WebSocketClient(ours, Connection(ConnectionType.CLIENT))
    return client, theirs, Accepted(_HELLO, server, window_bits=None)


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
