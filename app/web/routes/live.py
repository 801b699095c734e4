"""The WebSocket route: checks a viewer and hands the socket to the hub."""

import contextlib
import os
import socket
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from app.push import frames
from app.push.hub import MAX_VIEWERS
from app.web.responses import json_answer
from app.web.security import is_foreign
from app.web.services import services

blueprint = Blueprint("viewing", __name__)


class _HandedOver(Response):
    """The end of an HTTP exchange whose socket has a new owner: gunicorn sends nothing more."""

    def __call__(self, *_: Any) -> Iterable[bytes]:
        raise StopIteration


@blueprint.get("/live/<exchange>", websocket=True)
@blueprint.get("/live/<exchange>")
def live(exchange: str) -> Response:
    """Follow one exchange: the whole chain first, then what changes.

    Answers 400 for an unknown exchange, 403 to other sites' pages, 426 to what is no WebSocket,
    501 where the web server hands out no socket (the page polls then), 503 without a database.
    """
    shared = services()
    # a missing database is answered in HTTP, where the page can read why
    shared.states.current(exchange)
    if is_foreign(request):
        return json_answer({"error": "Pages of other sites may not follow."}, 403)
    link = frames.accept(request.headers)
    if link is None:
        answer = json_answer({"error": "This address speaks WebSocket, version 13."}, 426)
        answer.headers["Upgrade"] = "websocket"
        return answer
    plain = request.environ.get("gunicorn.socket")
    # a TLS socket keeps its keys in the process and cannot be handed over by descriptor
    if type(plain) is not socket.socket:
        return json_answer({"error": "This server does not push; poll /api/data instead."}, 501)
    if shared.viewers.count() >= MAX_VIEWERS:
        return json_answer({"error": "Too many viewers; poll /api/data instead."}, 503)
    shared.live.start()
    shared.viewers.join(_taken_from(plain), link, exchange)
    shared.viewers.publish(shared.states.current(exchange))
    return _HandedOver()


def _taken_from(plain: socket.socket) -> socket.socket:
    """The connection on a descriptor of our own; the web server is left holding a dead socket.

    It would otherwise shut the connection down when the request ends.
    """
    ours = plain.dup()
    decoy, other = socket.socketpair()
    with contextlib.closing(decoy), contextlib.closing(other):
        os.dup2(decoy.fileno(), plain.fileno(), inheritable=False)
    return ours
