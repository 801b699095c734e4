"""The stand-in itself: one port for HTTP and WebSocket, faults and orders on demand."""

import socket
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import orjson

from app.feeds.simulate.feed import DEFAULT_SEED
from app.kite.standin.control import Control
from app.kite.standin.distortions import NO_OBJECTS
from app.kite.standin.errors import KiteError, too_many
from app.kite.standin.faults import AT_ONCE, Fault, Faults
from app.kite.standin.hours import Hours
from app.kite.standin.journal import Journal
from app.kite.standin.ledger import Ledger
from app.kite.standin.limits import Limits
from app.kite.standin.market import Market
from app.kite.standin.recorded import RecordedMarket
from app.kite.standin.rest import Answer, Ask, Rest, refusal
from app.kite.standin.sessions import Account, Sessions
from app.kite.standin.shown import Shown
from app.kite.standin.ticker import Ticker
from db.market.clock import market_now
from db.market.ticks import ChainSnapshot

MOST_CONNECTIONS = 3
TICK_S = 1.0
_KEPT = "keep"


class StandIn:
    """A broker on this machine, to be started and stopped; also a context manager.

    `now` is the market's clock (see `MarketClock`), `interval_s` the real time between two ticks
    of a token; `journal` has what goes out written down. The market is simulated, or that of a
    `recording`. Loopback only.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        now: Callable[[], datetime] = market_now,
        seed: int = DEFAULT_SEED,
        hours: Hours | None = None,
        interval_s: float = TICK_S,
        limited: bool = True,
        account: Account | None = None,
        journal: Journal | None = None,
        recording: Sequence[ChainSnapshot] | None = None,
    ) -> None:
        self.faults = Faults()
        self.ledger = Ledger()
        disturb = self.faults.disturb
        self.market: Shown = (
            Market(now, seed=seed, hours=hours, disturb=disturb)
            if recording is None
            else RecordedMarket(recording, now, disturb=disturb)
        )
        self.sessions = Sessions(account or Account(), now)
        self.stopping = threading.Event()
        self.rest = Rest(self.market, self.sessions, Limits(limited), self.faults)
        self.control = Control(self.fault, self.clear, self.order, self.faults, self.ledger)
        self._interval_s = interval_s
        self._journal = journal
        self._port = port
        self._lock = threading.Lock()
        self._tickers: list[Ticker] = []
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "StandIn":
        """Listen; raises OSError for a port that is taken."""
        self.stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="kite-standin")
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and threads."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.cut_all()
        self._server.server_close()
        self._server = self._thread = None
        if self._journal is not None:
            self._journal.close()

    def __enter__(self) -> "StandIn":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where KiteConnect's `root` should point."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_url(self) -> str:
        """Where KiteTicker's `root` should point."""
        return f"ws://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """Open WebSockets."""
        return len(self.tickers)

    @property
    def tickers(self) -> list[Ticker]:
        """The sockets that are open, oldest first."""
        with self._lock:
            return list(self._tickers)

    def fault(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        seconds: float | None = None,
        value: object = None,
    ) -> None:
        """Let something go wrong: see `Fault`."""
        if fault in AT_ONCE:
            self._do(fault, value)
            return
        self.faults.set(fault, times=times, seconds=seconds, value=value)
        self.market.changed()

    def clear(self, fault: Fault | None = None) -> None:
        """End a fault, or all."""
        self.faults.clear(fault)
        self.market.changed()

    def order(self, data: dict[str, Any]) -> None:
        """Send an order update to all sockets."""
        self._post(orjson.dumps({"type": "order", "data": data}).decode())

    def admit(self, target: str, sock: socket.socket) -> Ticker:
        """A ticker for a handshake; raises KiteError (403, 429) where there may be none."""
        query = parse_qs(urlsplit(target).query)
        api_key, token = (query.get(name, [""])[0] for name in ("api_key", "access_token"))
        self.sessions.demand(api_key, token)
        ticker = Ticker(
            sock, self.market, self.faults, self.ledger, self._interval_s, self._journal
        )
        with self._lock:
            if len(self._tickers) >= MOST_CONNECTIONS or self.faults.take(Fault.REFUSED):
                raise too_many()
            self._tickers.append(ticker)
        return ticker

    def dismiss(self, ticker: Ticker) -> None:
        """A ticker has ended."""
        with self._lock:
            self._tickers.remove(ticker)

    def _do(self, fault: Fault, value: object) -> None:
        if fault is Fault.TEXT:
            for text in [str(value)] if value is not None else NO_OBJECTS:
                self._post(text)
            return
        if fault is Fault.EXPIRED:
            self.sessions.expire()
        if value != _KEPT:
            for ticker in self.tickers:
                ticker.drop()

    def _post(self, text: str) -> None:
        for ticker in self.tickers:
            ticker.post(text)


class _Server(ThreadingHTTPServer):
    """Threads that are waited for at the end, and their sockets known so that they can be cut."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def opened(self, sock: socket.socket) -> None:
        with self._lock:
            self._sockets.add(sock)

    def closed(self, sock: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(sock)

    def cut_all(self) -> None:
        with self._lock:
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it ended by itself

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone in the middle is no fault of the stand-in; all else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection: requests one after the other, or a WebSocket from its handshake on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._ours.opened(self.connection)

    def finish(self) -> None:
        self._ours.closed(self.connection)
        super().finish()

    def do_GET(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._upgrade()
        else:
            self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tokens stand in the addresses."""

    @property
    def _ours(self) -> _Server:
        return cast(_Server, self.server)

    def _upgrade(self) -> None:
        self.close_connection = True
        standin = self._ours.standin
        try:
            ticker = standin.admit(self.path, self.connection)
        except KiteError as error:
            self._send(refusal(error))
            return
        try:
            ticker.run(self.path, self.headers.items())
        finally:
            standin.dismiss(ticker)

    def _answer(self) -> None:
        standin = self._ours.standin
        size = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        ask = Ask.of(self.command, self.path, headers, self.rfile.read(size))
        if ask.path[:1] == ("standin",):
            self._send(standin.control.answer(ask))
            return
        if standin.faults.holds(Fault.SLOW):
            standin.stopping.wait(standin.faults.value(Fault.SLOW, 1.0))
        self._send(standin.rest.answer(ask))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
