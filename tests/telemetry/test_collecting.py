"""A collector times its work, stores that, and answers Prometheus on a port of its own."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from tests.support.databases import connection
from tests.support.paths import ROOT
from tests.support.waiting import eventually

STEPS = ("write live edge", "store snapshot", "look at alerts")


@contextmanager
def collector(database: URL, home: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "collect", "--feed", "simulate"],
        cwd=ROOT,
        env={**os.environ, "OI_DATABASE_URL": url, "OI_HOME": str(home), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()


def metrics(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_a_collector_tells_what_it_does(database: URL, tmp_path: Path) -> None:
    port = free_port()
    shown = [f'oi_step_seconds_count{{step="{step}"}}' for step in STEPS]
    with (
        collector(database, tmp_path, OI_COLLECTOR_METRICS_PORT=str(port)),
        connection(database) as session,
    ):
        eventually(lambda: all(line in metrics(port) for line in shown))
        stored = """
            SELECT count(DISTINCT name)
            FROM performance_samples
            WHERE service = 'collector' AND kind = 'step' AND name = ANY(%s)
        """
        eventually(lambda: session.execute(stored, [list(STEPS)]).fetchone() == (3,))


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("OI_OBJECTIVES_FILE", "/nowhere/objectives.toml", "cannot be read"),
        ("OI_OPERATIONS_WEBHOOK_URL", "ftp://example.org", "must be an address of http or https"),
        ("OI_LOG_FORMAT", "xml", "must be one of text, json"),
    ],
)
def test_a_setting_that_makes_no_sense_ends_it_with_one_sentence(
    tmp_path: Path, setting: str, value: str, sentence: str
) -> None:
    nowhere = URL.create("postgresql", host="127.0.0.1", port=1, database="nothing")
    with collector(nowhere, tmp_path, **{setting: value}) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert setting in said
    assert sentence in said
    assert "Traceback" not in said
