"""The stand-in as a program of its own."""

import csv
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROGRAM = [sys.executable, "-m", "app.kite.standin"]


def test_it_says_where_it_is_and_ends_on_ctrl_c() -> None:
    options = ["--port", "0", "--start", "2026-08-19T10:15:00", "--speed", "20", "--always-open"]
    with subprocess.Popen(
        [*PROGRAM, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        found = re.search(r"HTTP on (http://127\.0\.0\.1:\d+), WebSocket on ws://", line)
        assert found, line
        with urllib.request.urlopen(f"{found[1]}/instruments") as answer:  # noqa: S310  # loopback
            assert answer.readline().startswith(b"instrument_token,")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0


def test_an_operators_exchange_keys_are_listed_too(tmp_path: Path) -> None:
    own = tmp_path / "exchanges.toml"
    own.write_text(
        'defaults = false\n[[exchange]]\nkey = "RELIANCE"\nlabel = "RELIANCE"\n'
        'underlying = "RELIANCE"\nname = "RELIANCE"\nsegment = "NFO"\nindex = "NSE:RELIANCE"\n'
        'strike_step = 10\nexpiry = "monthly"\n',
        encoding="utf-8",
    )
    environment = os.environ | {"OI_EXCHANGES_FILE": str(own)}
    options = ["--port", "0", "--start", "2026-08-19T10:15:00"]
    with subprocess.Popen(
        [*PROGRAM, *options], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        found = re.search(r"HTTP on (http://127\.0\.0\.1:\d+)", running.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found[1]}/instruments") as answer:  # noqa: S310  # loopback
            rows = list(csv.DictReader(answer.read().decode().splitlines()))
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0
    assert {row["name"] for row in rows} == {"RELIANCE", "INDIA VIX"}
    assert {row["segment"] for row in rows} == {"NFO-OPT", "NFO-FUT", "NSE", "INDICES"}


@pytest.mark.parametrize("options", [["--speed", "0"], ["--interval", "nan"]])
def test_numbers_out_of_bounds_are_refused_with_their_name(options: list[str]) -> None:
    done = subprocess.run([*PROGRAM, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Invalid value for '{options[0]}'" in done.stderr


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = subprocess.run([*PROGRAM, "--port", port], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"Error: Cannot listen on port {port}: Address already in use.\n"
