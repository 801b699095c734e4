"""However many threads of a new process want the database first, each finds all of it."""

import subprocess
import sys
from pathlib import Path

from db.migrate import revisions
from db.revision_files import newest_revisions
from tests.support.paths import ROOT

_PROGRAM = """
import importlib, sys, threading
from db.loading import is_loaded, load

assert "sqlalchemy" not in sys.modules
assert not is_loaded()
wanted = [
    "db.engine", "db.queries.people", "db.migrate", "db.schema", "db.ingest.people", "db.watched",
    "db.status.reading", "db.queries.feeds", "sqlalchemy.dialects.postgresql.psycopg",
]
meet, failed = threading.Barrier(len(wanted)), []

def want(name):
    meet.wait(60)
    try:
        load(*(["alembic"] if name == "db.status.reading" else []))
        importlib.import_module(name)
    except BaseException as error:
        failed.append((name, repr(error)))

threads = [threading.Thread(target=want, args=(name,)) for name in wanted]
sys.setswitchinterval(1e-5)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert is_loaded()
assert not failed, failed
"""
_AT_HEAD = """
import sys
from db.loading import load

load()
from db.migrate import heads

print(*heads())
assert "alembic" not in sys.modules
"""


def test_threads_that_want_it_at_once_each_find_all_of_it() -> None:
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_newest_revision_is_known_without_loading_any() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AT_HEAD], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [revisions()[-1]]


def test_revisions_that_nobody_builds_on_are_the_newest(tmp_path: Path) -> None:
    for name, below in (
        ("a", "None"),
        *(("b", '"a"'), ("c", '"a"')),
        *(("d", '("b", "c")'), ("e", "'a'")),
    ):
        text = f'revision: str = "{name}"\ndown_revision = {below}\n'
        (tmp_path / f"{name}.py").write_text(text)
    assert newest_revisions(tmp_path) == ["d", "e"]
