"""Programs the demo starts end with it, and their ends are noticed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo.children import ChildEndedError, Children
from tests.support.paths import ROOT

SLEEP = ["-c", "import time; print('here', flush=True); time.sleep(600)"]
STUBBORN = [
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('here', flush=True); time.sleep(600)",
]


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    found = Children(tmp_path / "logs")
    yield found
    found.stop()


def wait_for(path: Path, text: str) -> None:
    while not path.exists() or text not in path.read_text(encoding="utf-8"):
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # an orphan that has ended waits for init to notice
    state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    return state != "Z"


def test_running_children_pass_the_check(children: Children) -> None:
    children.start("sleeper", SLEEP)
    children.check()


def test_an_end_is_told_with_its_last_words(children: Children) -> None:
    children.start("collector", ["-c", "import sys; print('no market today'); sys.exit(3)"])
    children._running["collector"].wait()
    with pytest.raises(ChildEndedError, match="collector ended with code 3: no market today"):
        children.check()


def test_stop_ends_even_what_does_not_listen(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.demo.children._STOP_TIMEOUT_S", 0.2)
    children.start("sleeper", SLEEP)
    children.start("stubborn", STUBBORN)
    for name in ("sleeper", "stubborn"):
        wait_for(children.logs / f"{name}.log", "here")
    pids = [process.pid for process in children._running.values()]
    children.stop()
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from app.demo.children import Children\n"
        "children = Children(pathlib.Path(sys.argv[1]))\n"
        "children.start('sleeper', ['-c', 'import os, time; print(os.getpid(), flush=True); "
        "time.sleep(600)'])\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT)
    wait_for(tmp_path / "sleeper.log", "\n")
    child = int((tmp_path / "sleeper.log").read_text(encoding="ascii"))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 30
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)
