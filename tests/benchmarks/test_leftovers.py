"""Databases of a benchmark that was killed are dropped by the next one, and no others are."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL

from benchmarks.server import leftovers
from benchmarks.server.databases import BenchmarkServer, conninfo
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT
from tests.support.waiting import eventually

_RUN = """
import sys
from sqlalchemy import make_url
from benchmarks.server.databases import BenchmarkServer
with BenchmarkServer(make_url(sys.argv[1])).database("left", extension=False) as url:
    print(url.database, flush=True)
    sys.stdin.read()
"""


@contextmanager
def run(server: DatabaseServer) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A benchmark that has made its database and measures, and that database's name."""
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, conninfo(server.admin_url)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield process, process.stdout.readline().strip()
    finally:
        process.communicate()


def databases(url: URL) -> set[str]:
    with connection(url) as session:
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'oi\\_bench\\_%'"
        return {name for (name,) in session.execute(query).fetchall()}


def test_what_a_killed_run_left_is_dropped_and_said_by_the_next(
    server: DatabaseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    own = BenchmarkServer(server.admin_url)
    with run(server) as (killed, left), run(server) as (_, used):
        with own.database("next", extension=False):
            assert {left, used} <= databases(server.admin_url)
        killed.kill()
        killed.wait()
        said = ""

        def is_dropped() -> bool:
            nonlocal said
            # until the server has noticed that nobody is there
            with own.database("next", extension=False):
                said += capsys.readouterr().err
                return left not in databases(server.admin_url)

        eventually(is_dropped)
        assert f"Dropped {left}, which a run that was killed left behind." in said
        assert used in databases(server.admin_url)
    assert used not in databases(server.admin_url)


def test_what_anybody_else_made_is_kept(server: DatabaseServer) -> None:
    name = "oi_bench_of_mine"
    with connection(server.admin_url) as session:
        session.execute(f"CREATE DATABASE {name}")
        try:
            assert name not in leftovers.drop_left(session)
            # of a run whose lock went with a server that it started anew
            leftovers.mark(session, name)
            assert name not in leftovers.drop_left(session)
        finally:
            session.execute(f"DROP DATABASE {name}")
