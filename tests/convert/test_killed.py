"""Killed anywhere, a conversion continues: no row lost, none doubled, nothing left in between."""

import random
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from tests.convert import legacy, traffic
from tests.convert.legacy import CHAIN
from tests.support.databases import connection
from tests.support.paths import ROOT

_SCRIPT = """
import sys
from sqlalchemy import make_url
from db import convert
from tests.convert import legacy

options = convert.RunOptions(window_rows=100, workers=2)
print("started", flush=True)
convert.run(make_url(sys.argv[1]), legacy.conversion(), direction=sys.argv[2], options=options)
"""


class _KilledError(BaseException):
    pass


class _Guillotine:
    """Cuts the connection that sends the n-th statement of the conversion, before it is sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.lock = threading.Lock()
        original, original_copy = psycopg.Connection.execute, psycopg.Cursor.copy

        def execute(connection, query, params=None, **options):
            if self._is_due(connection):
                connection.pgconn.finish()
                raise _KilledError
            return original(connection, query, params, **options)

        def copy(cursor, statement, params=None, **options):
            if self._is_due(cursor.connection):
                cursor.connection.pgconn.finish()
                raise _KilledError
            return original_copy(cursor, statement, params, **options)

        monkeypatch.setattr(psycopg.Connection, "execute", execute)
        monkeypatch.setattr(psycopg.Cursor, "copy", copy)

    def _is_due(self, connection: psycopg.Connection) -> bool:
        if connection.closed:
            return False
        if not (connection.info.parameter_status("application_name") or "").startswith("oi conv"):
            return False
        with self.lock:
            self.left -= 1
            return self.left == 0


@pytest.mark.parametrize("direction", ["to_hypertable", "to_plain"])
def test_killed_at_one_statement_after_the_other_it_still_arrives(
    legacy_database: URL, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    asked = legacy.conversion()
    options = convert.RunOptions(window_rows=800, workers=1)
    if direction == "to_plain":
        convert.run(legacy_database, asked, options=options)
        convert.finish(legacy_database, CHAIN)
    with connection(legacy_database) as session:
        before = legacy.checksum(session)
    guillotine = _Guillotine(monkeypatch)

    kills = 0
    for statement in range(1, 400, 2):
        guillotine.left = statement
        try:
            result = convert.run(
                legacy_database,
                asked,
                direction=direction,  # type: ignore[arg-type]
                options=options,
            )
        except (_KilledError, psycopg.OperationalError, psycopg.InterfaceError):
            kills += 1
        else:
            break
        with connection(legacy_database) as session:
            assert legacy.checksum(session) == before, f"after a kill at statement {statement}"

    guillotine.left = 0
    assert result.phase is convert.Phase.SWAPPED
    assert kills > 10
    with connection(legacy_database) as session:
        assert legacy.checksum(session) == before
        assert legacy.is_hypertable(session) is (direction == "to_hypertable")
    assert convert.verify(legacy_database, CHAIN) == before[0]


@pytest.mark.parametrize("ending", ["undo", "finish"])
def test_an_ending_killed_at_each_statement_is_made_good(
    legacy_database: URL, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    asked = legacy.conversion()
    convert.run(legacy_database, asked)
    with connection(legacy_database) as session:
        session.execute(legacy.save(traffic.START, "NSE", 24050, 99))
        before = legacy.checksum(session)
    guillotine = _Guillotine(monkeypatch)

    for statement in range(1, 200, 2):
        guillotine.left = statement
        try:
            getattr(convert, ending)(legacy_database, CHAIN)
        except (_KilledError, psycopg.OperationalError, psycopg.InterfaceError):
            with connection(legacy_database) as session:
                assert legacy.checksum(session) == before
        except convert.ConversionError:
            # it had ended, only the clean-up was cut: no conversion is open any more
            assert [report.phase for report in convert.report(legacy_database)] == [
                "undone" if ending == "undo" else "finished"
            ]
            break
        else:
            break

    guillotine.left = 0
    with connection(legacy_database) as session:
        assert legacy.checksum(session) == before
        assert legacy.is_hypertable(session) is (ending == "finish")
    if ending == "undo":
        convert.run(legacy_database, asked)
        convert.undo(legacy_database, CHAIN)
    with connection(legacy_database) as session:
        assert legacy.checksum(session) == before


def test_kill_9_of_the_tool_and_of_its_sessions_at_random_moments(legacy_database: URL) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311  # which moment is hit is no secret

    with traffic.running(legacy_database) as seen:
        for direction in ("to_hypertable", "to_plain"):
            for kill in range(2):
                _run_and_kill(legacy_database, direction, moments.uniform(0, 0.6), kill % 2 == 0)
            _run_to_the_end(legacy_database, direction)
            convert.verify(legacy_database, CHAIN)
            convert.finish(legacy_database, CHAIN)

    traffic.check(legacy_database, seen)


def _started(url: URL, direction: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _SCRIPT,
            url.render_as_string(hide_password=False),
            direction,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n", process.communicate()[1]
    return process


def _run_and_kill(url: URL, direction: str, after_s: float, whole_process: bool) -> None:
    process = _started(url, direction)
    time.sleep(after_s)
    if whole_process:
        process.send_signal(signal.SIGKILL)
    else:
        with connection(url) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'oi convert%' AND datname = current_database()"
            )
    process.communicate()


def _run_to_the_end(url: URL, direction: str) -> None:
    with connection(url) as session:
        if legacy.is_hypertable(session) is (direction == "to_hypertable"):
            return
    process = _started(url, direction)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
