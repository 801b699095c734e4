"""An address is told of each alert: tried again where that may help, and its secret stays one."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.desk.alerts import webhook as webhooks
from app.desk.alerts.looking import Rung
from app.desk.alerts.webhook import Webhook
from db.backoff import Backoff
from db.errors import SettingsError
from tests.support.chains import at
from tests.support.waiting import eventually


def rung(number: int = 1) -> Rung:
    return Rung(number, 7, "trader", "NSE", "pcr", 1.2, "NIFTY PCR is 1.20.", at(0), 42)


class Receiver:
    """A server that answers with the codes it was given, then with 204."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append({"path": self.path, **json.loads(body)})
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook/s3cret"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hook(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setattr(webhooks, "Backoff", lambda *_: Backoff(0.0, 0.0))
    made = Webhook(receiver.address)
    made.start()
    yield made
    made.close()


def test_it_is_told_what_has_fired(hook: Webhook, receiver: Receiver) -> None:
    hook.send(rung())
    eventually(lambda: receiver.received)
    assert receiver.received == [
        {
            "path": "/hook/s3cret",
            "id": 1,
            "alert_id": 7,
            "user": "trader",
            "exchange": "NSE",
            "kind": "pcr",
            "value": 1.2,
            "message": "NIFTY PCR is 1.20.",
            "market_time": "2026-11-20T09:15:00+05:30",
            "sequence": 42,
        }
    ]


@pytest.mark.parametrize(
    ("answers", "tries"),
    [([500, 503], 3), ([429], 2), ([500] * 9, 5), ([404], 1), ([302], 1), ([307], 1)],
)
def test_what_may_pass_is_tried_again_and_no_redirect_is_followed(
    hook: Webhook, receiver: Receiver, answers: list[int], tries: int
) -> None:
    receiver.answers = list(answers)
    hook.send(rung(1))
    eventually(lambda: len(receiver.received) == tries)
    receiver.answers.clear()
    hook.send(rung(2))
    eventually(lambda: receiver.received[-1]["id"] == 2)
    assert [each["id"] for each in receiver.received] == [*[1] * tries, 2]
    assert {each["path"] for each in receiver.received} == {"/hook/s3cret"}


def test_a_secret_in_the_address_is_not_logged(
    hook: Webhook, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [404]
    hook.send(rung())
    eventually(lambda: "127.0.0.1 did not take alert 1: it answered 404" in caplog.text)
    assert "s3cret" not in caplog.text


def test_an_address_that_takes_too_long_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    # never started: as one whose every attempt stands still
    made = Webhook("http://127.0.0.1:9/")
    for number in range(webhooks._MOST_WAITING + 1):
        made.send(rung(number))
    assert caplog.text.count("is not sent") == 1
    made.close()


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://host/", "http://", "host/path", "http://[", "http://h:x/"],
)
def test_an_address_that_is_none_of_http_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="must be an address of http or https"):
        Webhook(address)
