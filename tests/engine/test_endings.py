"""How a program is asked to end: whatever asks, once, and what is to be undone is undone."""

import signal
import subprocess
import sys

import pytest

_ONCE = """
import os, signal
from db.endings import interrupt_once
interrupt_once()
try:
    os.kill(os.getpid(), signal.Signals(int({number})))
except KeyboardInterrupt:
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), again)
    print("undone")
"""
_CALLED = """
import os, signal
from db.endings import on_end
said = []
on_end(lambda: said.append("asked"))
os.kill(os.getpid(), signal.Signals(int({number})))
print(*said)
"""
_UNDER_NOHUP = """
import os, signal
from db.endings import interrupt_once, on_end
signal.signal(signal.SIGHUP, signal.SIG_IGN)
interrupt_once()
on_end(lambda: print("asked"))
os.kill(os.getpid(), signal.SIGHUP)
print("goes on")
"""


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_undone_at_the_end_is_not_cut_short_by_asking_again(number):
    assert said(_ONCE.format(number=int(number))) == "undone"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_asks_for_the_end_as_ctrl_c_does(number):
    assert said(_CALLED.format(number=int(number))) == "asked"


def test_what_nohup_started_outlives_its_terminal():
    assert said(_UNDER_NOHUP) == "goes on"
