"""The official client's program from outside: started, told of logins, ended, its ticks read."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from app.kite.standin.sessions import Account
from benchmarks.errors import BenchmarkError
from benchmarks.feed.official import TICK

_END_S = 30.0


class OfficialClient:
    """A running program; `seen` has what it counted and `ticks` what it read once it has ended."""

    def __init__(self, process: "subprocess.Popen[str]", path: Path) -> None:
        self.seen: dict[str, Any] = {}
        self._process = process
        self._path = path

    def log_in(self, access_token: str) -> None:
        """Have it follow everything with a new session."""
        self._say(access_token)

    def stop(self) -> None:
        """End it and take in what it counted; raises BenchmarkError if it ended before."""
        said, _ = self._process.communicate(timeout=_END_S)
        if self._process.returncode:
            raise BenchmarkError("The official client ended before the day did.")
        self.seen = orjson.loads(said)

    def ticks(self) -> "np.ndarray[Any, np.dtype[np.void]]":
        """The full ticks that it read (n,)."""
        found: np.ndarray[Any, np.dtype[np.void]] = np.fromfile(self._path, TICK)
        return found

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise AssertionError("it was started with a pipe")
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def following(
    ws_url: str, access_token: str, tokens: Sequence[int], path: Path
) -> Iterator[OfficialClient]:
    """The official client, following these instruments until it is stopped or the block ends."""
    arguments = [ws_url, Account().api_key, str(path)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-m", "benchmarks.feed.official", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        client = OfficialClient(process, path)
        try:
            client._say(orjson.dumps(list(tokens)).decode())
            client.log_in(access_token)
            yield client
        finally:
            process.kill()
