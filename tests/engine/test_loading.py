"""However many threads of a new process want the database first, each finds all of it."""

import subprocess
import sys

from tests.support.paths import ROOT

_PROGRAM = """
import importlib, sys, threading
from db.loading import MIGRATIONS, is_loaded, load

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
        load(*MIGRATIONS)
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
