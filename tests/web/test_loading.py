"""Libraries are loaded by one thread, whoever comes first to the database."""

import subprocess
import sys

from tests.support.paths import ROOT

# with threads that switch after every few instructions two who load at once meet without fail
_PROGRAM = """
import sys
import threading
from app.web.loading import load

sys.setswitchinterval(1e-6)
start = threading.Barrier(8)
failed = []

def first():
    start.wait()
    try:
        load()
        from db.queries.people import user_named
        from sqlalchemy.dialects.postgresql.base import PGDialect
    except BaseException as error:
        failed.append(error)

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
"""


def test_eight_who_come_at_once_find_it_loaded_whole() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
