"""Threads that need the database first at the same moment all find its libraries whole."""

import subprocess
import sys

from tests.support.paths import ROOT

# one thread is held in the middle of loading the dialect until the other waits for it
_TWO_AT_ONCE = """
import builtins, sys, threading, time
from app.web.database import Database
from db.errors import DatabaseUnavailableError
from db.settings import settings_from

HALF_WAY = "sqlalchemy.dialects.postgresql"
inside, go_on = threading.Event(), threading.Event()
load = builtins.__import__

def held(name, where=None, *more, **named):
    if where and where.get("__name__") == HALF_WAY and not inside.is_set():
        inside.set()
        go_on.wait()
    return load(name, where, *more, **named)

builtins.__import__ = held
chosen = settings_from({"OI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"})
failed = []

def guarded(work):
    try:
        work()
    except DatabaseUnavailableError:
        pass
    except BaseException as error:
        failed.append(f"{type(error).__name__}: {error}")

def read():
    with Database(chosen, explicit=True).newest():
        pass

def ask():
    import db.queries.people

def waits(thread):
    frame = sys._current_frames().get(thread.ident)
    return frame is None or frame.f_code.co_name == "acquire"

one = threading.Thread(target=guarded, args=(FIRST,))
two = threading.Thread(target=guarded, args=(SECOND,))
one.start()
inside.wait()
two.start()
while not waits(two) and two.is_alive():
    time.sleep(0.01)
go_on.set()
one.join()
two.join()
print(failed)
"""


def two_at_once(first: str, second: str) -> str:
    program = _TWO_AT_ONCE.replace("FIRST", first).replace("SECOND", second)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_who_reads_and_who_asks_load_the_dialect_at_once() -> None:
    assert two_at_once("read", "ask") == "[]"
    assert two_at_once("ask", "read") == "[]"
