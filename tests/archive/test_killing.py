"""Whatever is killed on the way into the archive or back, each row is on exactly one side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import URL

from db.archive import moving
from tests.archive.conftest import due_after

# three days are due
DUE_DAYS = 36
INTO = ("lock_gently", "archived_sums", "row_sums", "copy_rows", "settle_chunk")
BACK = ("make_chunk", *INTO[1:], "remove_archived", "drop_emptied_chunk")


def history(session: psycopg.Connection) -> list[tuple]:
    """Every row of both sides."""
    return session.execute("SELECT * FROM readings_history ORDER BY id").fetchall()


def into(url: URL) -> None:
    """All that is due moves to the archive."""
    moving.run(url, "readings")


def back(url: URL) -> None:
    """All that is archived comes back."""
    moving.restore(url, "readings", datetime(2000, 1, 1), datetime(2100, 1, 1))


@pytest.fixture
def few_due(archived_database: URL, session: psycopg.Connection) -> URL:
    """The database with three days due and nothing archived."""
    due_after(session, DUE_DAYS)
    return archived_database


@pytest.mark.parametrize(("move", "undo"), [(into, back), (back, into)], ids=["run", "restore"])
def test_a_backend_killed_at_each_statement_leaves_every_row_on_one_side(
    few_due: URL,
    session: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    move: Callable[[URL], None],
    undo: Callable[[URL], None],
) -> None:
    before = history(session)
    original = psycopg.Connection.execute
    left = [0]

    def execute(self, query, params=None, **options):
        if self.info.parameter_status("application_name") == "oi archive":
            left[0] -= 1
            if left[0] == 0:
                original(session, "SELECT pg_terminate_backend(%s, 5000)", [self.info.backend_pid])
        return original(self, query, params, **options)

    for statement in range(1, 200):
        undo(few_due)
        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Connection, "execute", execute)
            left[0] = statement
            try:
                move(few_due)
                break
            except psycopg.OperationalError:
                left[0] = 0
        assert history(session) == before, f"after a kill at statement {statement}"
        move(few_due)
        assert history(session) == before, f"after a kill at statement {statement} and a second run"

    assert statement > 10
    assert history(session) == before


@pytest.mark.parametrize(
    ("move", "step"),
    [*((into, step) for step in INTO), *((back, step) for step in BACK)],
    ids=[*(f"run-{step}" for step in INTO), *(f"restore-{step}" for step in BACK)],
)
def test_a_backend_that_dies_within_a_span_leaves_every_row_on_one_side(
    few_due: URL, session: psycopg.Connection, move: Callable[[URL], None], step: str
) -> None:
    if move is back:
        into(few_due)
    before = history(session)
    row = session.execute(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [step]
    ).fetchone()
    assert row is not None
    death = "\nBEGIN\n  PERFORM pg_terminate_backend(pg_backend_pid(), 5000);\n"
    deadly = row[0].replace("\nBEGIN\n", death, 1)
    assert deadly != row[0]
    session.execute(deadly)

    with pytest.raises(psycopg.OperationalError):
        move(few_due)

    assert history(session) == before
    session.execute(row[0])
    move(few_due)
    assert history(session) == before


def test_a_process_killed_on_the_way_is_run_again(
    archived_database: URL, session: psycopg.Connection
) -> None:
    before = history(session)
    program = "import sys; from sqlalchemy import make_url; from db.archive import moving; "
    program += "moving.run(make_url(sys.argv[1]), 'readings')"
    text = archived_database.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", program, text])
    deadline = time.monotonic() + 60
    while not _archived(session) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    assert history(session) == before
    into(archived_database)
    assert history(session) == before
    assert _archived(session) == 29 * 24


def _archived(session: psycopg.Connection) -> int:
    row = session.execute("SELECT count(*) FROM archive.readings").fetchone()
    assert row is not None
    return row[0]
