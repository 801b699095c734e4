"""Tells an address of the operator's what has fired: a POST with JSON, off everybody's path."""

import logging
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import orjson

from app.desk.alerts.looking import Rung
from db.backoff import Backoff
from db.errors import SettingsError

_LOG = logging.getLogger("oi.alerts")
_MOST_WAITING = 200
_ATTEMPTS = 5
_TIMEOUT_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_REFUSED = range(400, 500)
_MAY_PASS = frozenset({408, 425, 429})


class _Post(NamedTuple):
    """What is sent, and what the log calls it."""

    what: str
    body: Mapping[str, object]


class Webhook:
    """A thread that sends, one after another; what finds no room is said in the log and dropped.

    A failure that may pass is tried five times with growing pauses. No redirect is followed, and
    of the address only its host is ever written down: the rest may be a secret. Raises
    SettingsError for an address that is none of HTTP.
    """

    def __init__(
        self,
        address: str,
        timeout_s: float = _TIMEOUT_S,
        setting: str = "OI_ALERT_WEBHOOK_URL",
    ) -> None:
        self._address = _demanded(address, setting)
        self._host = urlsplit(address).hostname
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._waiting: queue.Queue[_Post | None] = queue.Queue(_MOST_WAITING)
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        """Begin to send; does nothing when it has begun."""
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def send(self, rung: Rung) -> None:
        """Let an alert be sent soon; never waits."""
        self.post(f"alert {rung.id}", _body(rung))

    def post(self, what: str, body: Mapping[str, object]) -> None:
        """Let this be sent soon; never waits."""
        try:
            self._waiting.put_nowait(_Post(what, body))
        except queue.Full:
            _LOG.error("the webhook at %s takes too long; %s is not sent", self._host, what)

    def close(self, timeout_s: float = 2.0) -> None:
        """End; an attempt under way is left to itself after that long."""
        self._closed.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            _LOG.error("%d posts are not sent to %s", self._waiting.qsize(), self._host)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (post := self._waiting.get()) is not None:
            self._deliver(post)
            if self._closed.is_set():
                return

    def _deliver(self, post: _Post) -> None:
        pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        reason = ""
        for _ in range(_ATTEMPTS):
            reason, may_pass = self._posted(post.body)
            if not reason:
                return
            if not may_pass or self._closed.wait(pauses.next_s()):
                break
        _LOG.error("the webhook at %s did not take %s: %s", self._host, post.what, reason)

    def _posted(self, body: Mapping[str, object]) -> tuple[str, bool]:
        """(why it was not taken, or nothing; whether that may pass)."""
        request = urllib.request.Request(  # noqa: S310 - only HTTP gets here
            self._address,
            data=orjson.dumps(body),
            headers={"Content-Type": "application/json", "User-Agent": "oi-gemini"},
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s):
                return "", False
        except urllib.error.HTTPError as error:
            error.close()
            is_final = error.code in _REFUSED and error.code not in _MAY_PASS
            return f"it answered {error.code}", not (is_final or error.code < 400)
        except urllib.error.URLError as error:
            return type(error.reason).__name__, True
        except (OSError, HTTPException, ValueError) as error:
            return type(error).__name__, True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is meant for one address is told to no other."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _body(rung: Rung) -> dict[str, object]:
    return {
        "id": rung.id,
        "alert_id": rung.alert_id,
        "user": rung.owner,
        "exchange": rung.exchange,
        "kind": rung.kind,
        "value": rung.value,
        "message": rung.message,
        "market_time": None if rung.at is None else rung.at.isoformat(),
        "sequence": rung.sequence,
    }


def _demanded(address: str, setting: str) -> str:
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise SettingsError(f"{setting} must be an address of http or https.")
    return address
