"""The official KiteTicker as a second subscriber: a program, as its reactor starts once a process.

Arguments: the ticker's address, API key, a file for what it reads. Lines on stdin: first the
tokens to follow as a JSON array, then an access token for each login; their end is its end. On
stdout it prints a JSON object of what it saw.
"""

import logging
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

TICK = np.dtype(
    [
        ("token", "<u4"),
        ("exchange_time", "<u4"),
        ("ltp", "<i4"),
        ("oi", "<u4"),
        ("volume", "<u4"),
    ]
)
"""What it read of a full tick."""


class Official:
    """Follows tokens with one client after the other, each with the session of its time."""

    def __init__(self, root: str, api_key: str, file: BinaryIO, tokens: list[int]) -> None:
        self.seen = {"ticks": 0, "connects": 0, "errors": 0}
        self.ports: set[int] = set()
        self._root, self._api_key, self._file, self._tokens = root, api_key, file, tokens
        self._client: Any = None

    def begin(self, access_token: str) -> None:
        """Follow everything with this session; the reactor's thread runs this."""
        from kiteconnect import KiteTicker

        if self._client is not None:
            self._client.stop_retry()
        client = KiteTicker(
            self._api_key,
            access_token,
            root=self._root,
            reconnect_max_tries=300,
            reconnect_max_delay=5,
        )
        client.on_connect = self._connected
        client.on_ticks = self._read
        client.on_error = self._failed
        self._client = client
        client.connect()

    def _connected(self, client: Any, response: Any) -> None:
        self.seen["connects"] += 1
        self.ports.add(client.ws.transport.getHost().port)
        client.subscribe(self._tokens)
        client.set_mode(client.MODE_FULL, self._tokens)

    def _read(self, client: Any, ticks: list[dict[str, Any]]) -> None:
        rows = [_row(tick) for tick in ticks if tick["mode"] == "full"]
        self.seen["ticks"] += len(rows)
        self._file.write(np.array(rows, TICK).tobytes())

    def _failed(self, client: Any, code: Any, reason: Any) -> None:
        self.seen["errors"] += 1


def _row(tick: dict[str, Any]) -> tuple[int, int, int, int, int]:
    # the client makes naive times of the machine's zone
    at: datetime = tick["exchange_timestamp"]
    price = round(tick["last_price"] * 100)
    return tick["instrument_token"], int(at.timestamp()), price, tick["oi"], tick["volume_traded"]


def main(root: str, api_key: str, path: str) -> None:
    """Follow until stdin ends."""
    from twisted.internet import reactor as running

    # typed as the module that stands in for it
    reactor: Any = running
    # what goes wrong is counted; the client says it at length
    logging.disable(logging.CRITICAL)
    tokens = orjson.loads(sys.stdin.readline())
    with Path(path).open("wb") as file:
        official = Official(root, api_key, file, tokens)

        def heard() -> None:
            for line in sys.stdin:
                reactor.callFromThread(official.begin, line.strip())
            reactor.callFromThread(reactor.stop)

        threading.Thread(target=heard, name="stdin", daemon=True).start()
        reactor.run()
    print(orjson.dumps(official.seen | {"ports": sorted(official.ports)}).decode())


if __name__ == "__main__":
    main(*sys.argv[1:4])
