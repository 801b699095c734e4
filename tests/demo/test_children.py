"""Programs the demo starts end with it, and are started again when they end by themselves."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.demo.children import ChildEndedError, Children
from app.demo.patience import Patience
from db.backoff import Backoff
from tests.demo.test_logs import fill_up
from tests.support.disks import small_disk
from tests.support.paths import ROOT

SLEEP = ["-c", "import time; print('here', flush=True); time.sleep(600)"]
STUBBORN = [
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('here', flush=True); time.sleep(600)",
]
FAILING = ["-c", "import sys; print('no market today'); sys.exit(3)"]
PATIENCE_S = 60


class Said:
    """What was said, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    def __bool__(self) -> bool:
        return bool(self.lines)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def children(tmp_path: Path, said: Said) -> Iterator[Children]:
    found = Children(tmp_path / "logs", said, lambda: Patience(Backoff(0.01, 0.05)))
    yield found
    found.stop()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def pid_of(children: Children, name: str) -> int | None:
    process = children._children[name].process
    return process.pid if process else None


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # an orphan that has ended waits for init to notice
    state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    return state != "Z"


def test_running_children_are_left_alone(children: Children, said: Said) -> None:
    children.start("sleeper", SLEEP)
    before = pid_of(children, "sleeper")
    until(lambda: "here" in text(children.logs / "sleeper.log"))
    children.tend()
    assert pid_of(children, "sleeper") == before
    assert said.lines == []


def test_what_was_killed_is_said_and_runs_again(children: Children, said: Said) -> None:
    children.start("sleeper", SLEEP)
    until(lambda: "here" in text(children.logs / "sleeper.log"))
    before = pid_of(children, "sleeper")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: children.tend() or pid_of(children, "sleeper") not in (before, None))
    [line] = said.lines
    assert re.fullmatch(
        r"The sleeper was ended by SIGKILL: here \(all of it in .*/sleeper\.log\); "
        r"it is started again in 0\.0 s\.",
        line,
    )
    until(lambda: text(children.logs / "sleeper.log").count("here") == 2)


def test_an_end_is_told_each_time_with_its_last_words(children: Children, said: Said) -> None:
    children.start("collector", FAILING)
    until(lambda: children.tend() or len(said.lines) >= 3)
    assert all("collector ended with code 3: no market today" in line for line in said.lines)


def test_pauses_grow_while_it_keeps_ending_and_begin_anew_after_a_steady_run() -> None:
    now = [0.0]
    patience = Patience(Backoff(1.0, 8.0), steady_s=60.0, clock=lambda: now[0])
    ranges = []
    for ran_s in (0.0, 1.0, 59.0, 1.0, 1.0, 61.0, 1.0):
        patience.started()
        now[0] += ran_s
        pause_s = patience.ended()
        assert not patience.is_over
        now[0] += pause_s
        assert patience.is_over
        ranges.append(pause_s)
    for pause_s, full_s in zip(ranges, (1, 2, 4, 8, 8, 1, 2), strict=True):
        assert full_s / 2 <= pause_s <= full_s


def test_wrong_input_ends_all_in_one_sentence(children: Children, said: Said) -> None:
    children.start("collector", ["-c", "import sys; print('Error: No such feed.'); sys.exit(2)"])
    with pytest.raises(ChildEndedError) as caught:
        until(children.tend)  # type: ignore[func-returns-value]
    assert re.fullmatch(
        r"The collector ended with code 2: Error: No such feed \(all of it in .*\)\.",
        str(caught.value),
    )
    assert said.lines == []


def test_what_a_dead_program_leaves_behind_is_taken_down(children: Children, said: Said) -> None:
    leaving = "import os, sys, time; p = os.fork(); print(f'<{p}>', flush=True) if p else 0; "
    children.start("master", ["-c", leaving + "time.sleep(600)"])
    log = children.logs / "master.log"
    until(lambda: re.search(r"<(\d+)>", text(log)))
    found = re.search(r"<(\d+)>", text(log))
    assert found
    left = int(found[1])
    master = pid_of(children, "master")
    assert master is not None
    os.kill(master, signal.SIGKILL)
    until(lambda: children.tend() or said)
    until(lambda: not is_running(left))


def test_a_full_disk_ends_neither_the_program_nor_its_watch(tmp_path: Path, said: Said) -> None:
    chatter = "import time\nwhile True:\n    print('x' * 1000, flush=True); time.sleep(0.001)"
    with small_disk(tmp_path / "disk", 1) as disk:
        children = Children(disk / "logs", said, lambda: Patience(Backoff(0.01, 0.05)))
        try:
            children.start("chatter", ["-c", chatter])
            until(lambda: (disk / "logs" / "chatter.log").exists())
            fill_up(disk / "filler")
            until(lambda: children._children["chatter"].log._lost > 100)
            children.start("failing", FAILING)
            until(lambda: children.tend() or said)
            assert pid_of(children, "chatter") is not None
            assert "no market today" in said.lines[0]
            (disk / "filler").unlink()
            until(lambda: "missing here" in text(disk / "logs" / "chatter.log"))
        finally:
            children.stop()


def test_a_program_that_cannot_be_started_is_tried_again(
    children: Children, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr("app.demo.children.sys.executable", "/nowhere/python")
        children.start("sleeper", SLEEP)
    assert "sleeper cannot be started: No such file or directory; it is tried" in said.lines[0]
    until(lambda: children.tend() or pid_of(children, "sleeper"))


def test_renewed_programs_are_new_processes(children: Children, said: Said) -> None:
    for name in ("one", "two"):
        children.start(name, SLEEP)
    before = [pid_of(children, name) for name in ("one", "two")]
    children.renew()
    after = [pid_of(children, name) for name in ("one", "two")]
    assert None not in after
    assert not set(before) & set(after)
    assert said.lines == []


def test_files_that_children_make_are_private(children: Children, tmp_path: Path) -> None:
    made = tmp_path / "made"
    children.start("maker", ["-c", f"open({str(made)!r}, 'w').close(); {SLEEP[1]}"])
    until(lambda: "here" in text(children.logs / "maker.log"))
    assert made.stat().st_mode & 0o077 == 0


def test_stop_ends_even_what_does_not_listen(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.demo.children._STOP_TIMEOUT_S", 0.2)
    children.start("sleeper", SLEEP)
    children.start("stubborn", STUBBORN)
    for name in ("sleeper", "stubborn"):
        until(lambda name=name: "here" in text(children.logs / f"{name}.log"))  # type: ignore[misc]
    pids = [pid_of(children, name) for name in ("sleeper", "stubborn")]
    children.stop()
    assert not any(is_running(pid) for pid in pids if pid)
    assert not any(thread.name.startswith("log-") for thread in threading.enumerate())


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from app.demo.children import Children\n"
        "children = Children(pathlib.Path(sys.argv[1]), print)\n"
        "children.start('sleeper', ['-c', 'import os, time; print(f\"<{os.getpid()}>\"); "
        "time.sleep(600)'])\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT)
    log = tmp_path / "sleeper.log"
    until(lambda: re.search(r"<(\d+)>", text(log)))
    found = re.search(r"<(\d+)>", text(log))
    assert found
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until(lambda: not is_running(int(found[1])))
