"""Libraries are loaded by one thread, whoever comes first to the database."""

import subprocess
import sys

from tests.support.paths import ROOT

# threads that switch after every few instructions, each with a library of its own first: without
# the lock three of four such programs end with half-made modules
_PROGRAM = """
import importlib
import sys
import threading
from app.web.loading import load

sys.setswitchinterval(1e-6)
names = [
    "db.queries.people", "db.engine", "db.timescale.sqltext", "sqlalchemy.exc",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.postgresql.base",
]
start = threading.Barrier(len(names))
failed = []

def first(name):
    start.wait()
    try:
        load()
        importlib.import_module(name)
    except BaseException as error:
        failed.append((name, error))

threads = [threading.Thread(target=first, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
"""


def test_all_who_come_at_once_find_it_loaded_whole() -> None:
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
