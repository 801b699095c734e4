"""The web server as its own process, and a follower that speaks WebSocket to it."""

import contextlib
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, RejectConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from benchmarks.server.ports import free_port
from tests.support.paths import ROOT
from tests.web import PASSWORD, USERNAME

PATIENCE_S = 60.0


@dataclass
class WebServer:
    """`python -m app serve` on a port of its own."""

    home: Path
    database: URL
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> subprocess.Popen[bytes]:
        """Start the program without waiting for it."""
        url = self.database.set(drivername="postgresql")
        environment = {
            "OI_HOME": str(self.home),
            "OI_PORT": str(self.port),
            "OI_DATABASE_URL": url.render_as_string(hide_password=False),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = self.command()
        end = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/healthz", timeout=PATIENCE_S).close()  # noqa: S310
                return
            assert self.process.poll() is None, self.process.communicate()[1].decode()
            assert time.monotonic() < end, "the web server did not start"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and answer its exit status."""
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(how)
        try:
            process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        return process.returncode

    def sign_in(self) -> str:
        """Go through the login page; the session cookie as a header value."""
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        with opener.open(f"{self.url}/login") as page:
            found = re.search(r'name="csrf" value="([^"]+)"', page.read().decode())
        assert found
        form = {"username": USERNAME, "password": PASSWORD, "csrf": found[1]}
        # the dashboard it leads to may be out of order, the session is there all the same
        with contextlib.suppress(urllib.error.HTTPError):
            opener.open(f"{self.url}/login", urllib.parse.urlencode(form).encode()).close()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@contextlib.contextmanager
def web_server(home: Path, database: URL) -> Iterator[WebServer]:
    """A running server, stopped afterwards."""
    server = WebServer(home, database, free_port())
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()


@dataclass
class Follower:
    """A WebSocket client; `refused` is the HTTP status where the server said no."""

    sock: socket.socket
    protocol: WSConnection
    refused: int | None = None
    _text: str = ""
    _messages: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, server: WebServer, exchange: str, cookie: str = "") -> "Follower":
        """Ask to follow an exchange."""
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
        protocol = WSConnection(ConnectionType.CLIENT)
        request = Request(
            host=f"127.0.0.1:{server.port}",
            target=f"/live/{exchange}",
            extensions=[PerMessageDeflate()],
            extra_headers=[(b"cookie", cookie.encode())],
        )
        sock.sendall(protocol.send(request))
        follower = cls(sock, protocol)
        while follower.refused is None and not follower._read():
            pass
        return follower

    def message(self, kind: str) -> Any:
        """The next message of that kind; others are passed over."""
        while True:
            while not self._messages:
                self._read()
            message = self._messages.pop(0)
            if message["kind"] == kind:
                return message

    def _read(self) -> bool:
        data = self.sock.recv(65_536)
        if not data:
            raise ConnectionResetError("the server closed this link")
        self.protocol.receive_data(data)
        accepted = False
        for event in self.protocol.events():
            accepted = accepted or isinstance(event, AcceptConnection)
            if isinstance(event, RejectConnection):
                self.refused = event.status_code
            if isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self._messages.append(json.loads(self._text))
                    self._text = ""
        return accepted


@contextlib.contextmanager
def following(server: WebServer, exchange: str, cookie: str = "") -> Iterator[Follower]:
    """A follower whose socket is closed afterwards."""
    follower = Follower.of(server, exchange, cookie)
    try:
        yield follower
    finally:
        follower.sock.close()
