"""The WebSocket route: checks a viewer and hands the socket to the hub."""

import contextlib
import os
import socket
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, g, request, session

from app.push import frames
from app.push.hub import HubFullError
from app.push.wishes import Follow, demanded
from app.web.measuring import HANDED_OVER
from app.web.responses import json_answer
from app.web.security import is_foreign
from app.web.services import services

blueprint = Blueprint("viewing", __name__)


class _HandedOver(Response):
    """The end of an HTTP exchange whose socket has a new owner: gunicorn sends nothing more."""

    def __call__(self, environ: dict[str, Any], *_: Any) -> Iterable[bytes]:
        environ[HANDED_OVER] = "/live"
        raise StopIteration


@blueprint.get("/live", websocket=True)
@blueprint.get("/live")
def live() -> Response:
    """Follow exchanges over one socket; `?follow=NSE,BSE` names a first set.

    Answers 400 for an unknown exchange or an unsound handshake, 403 to other sites' pages, 426 to
    what is no WebSocket, 501 where the web server hands out no socket or the push is left out (the
    page polls then), 503 when there are too many viewers.
    """
    if is_foreign(request):
        return json_answer({"error": "Pages of other sites may not follow."}, 403)
    follow = _first_set(request.args.get("follow", ""))
    try:
        link = frames.accept(request.headers)
    except frames.HandshakeError as error:
        return _no_handshake(error)
    plain = request.environ.get("gunicorn.socket")
    is_left_out = "push" in services().settings.without
    # a TLS socket keeps its keys in the process and cannot be handed over by descriptor
    if is_left_out or type(plain) is not socket.socket:
        return json_answer({"error": "This server does not push; poll /api/state instead."}, 501)
    return _handed_over(plain, link, follow)


def _handed_over(plain: socket.socket, link: frames.Accepted, follow: Follow) -> Response:
    shared = services()
    shared.live.start()
    ours = plain.dup()
    try:
        shared.live.hub.join(ours, link, follow, session.get("sid", ""), g.user)
    except HubFullError as error:
        ours.close()
        return json_answer({"error": str(error)}, 503)
    _leave_dead(plain)
    return _HandedOver()


def _leave_dead(plain: socket.socket) -> None:
    """Leave the web server holding a dead socket: it shuts down what it holds after a request."""
    decoy, other = socket.socketpair()
    with contextlib.closing(decoy), contextlib.closing(other):
        os.dup2(decoy.fileno(), plain.fileno(), inheritable=False)


def _first_set(text: str) -> Follow:
    return demanded(dict.fromkeys(filter(None, text.split(","))))


def _no_handshake(error: frames.HandshakeError) -> Response:
    answer = json_answer({"error": str(error)}, error.status)
    if error.status == 426:
        answer.headers["Upgrade"] = "websocket"
        answer.headers["Sec-WebSocket-Version"] = "13"
    return answer
