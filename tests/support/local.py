"""The TimescaleDB the test session starts for itself."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from db.server.cluster import LocalServer
from db.server.home import State, open_home
from db.server.programs import Programs
from db.settings import settings
from tests.support.paths import ROOT

_FIRST_PORT = 15532  # above those that durable servers choose; a taken one is replaced


@dataclass
class VolatileServer:
    """A server that forgets everything; it ends with this process, even when that is killed."""

    url: URL
    _keeper: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls) -> "VolatileServer":
        """Start one in a temporary home, on the programs the checkout uses."""
        home = Path(tempfile.mkdtemp(prefix="oi-test-"))
        home.chmod(0o755)  # the server's account must get in when root runs the tests
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.local", home],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            programs = shared_programs()
            state = State(str(programs.bin_dir), _FIRST_PORT, programs.timescaledb_version)
            open_home(home).save_state(state)
            return cls(_server(home).start(), keeper)
        except BaseException:
            _end(keeper)
            raise

    def stop(self) -> None:
        """Stop the server and remove its files."""
        _end(self._keeper)


def shared_programs() -> Programs:
    """The programs of the checkout's own local server, installed if they are not there yet."""
    found = open_home(ROOT / settings().home, make=True)
    return LocalServer(found).programs(progress=print)


def _server(home: Path) -> LocalServer:
    return LocalServer(open_home(home), volatile=True)


def _end(keeper: "subprocess.Popen[bytes]") -> None:
    keeper.communicate()
    keeper.wait()


def keep(home: Path) -> None:
    """Wait until whoever started us lets go of the pipe or dies, then clean up after it."""
    sys.stdin.buffer.read()
    try:
        _server(home).stop()
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
