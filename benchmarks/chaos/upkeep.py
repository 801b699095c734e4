"""Upkeep of a live database that never rests: a program of a run, killed and started again.

`python -m benchmarks.chaos.upkeep archive` has old days archived and brought back in turns, and
`… convert` turns a table that is written all the while into a plain one and back.
"""

import sys
import time
from datetime import timedelta

from sqlalchemy import URL

from benchmarks.chaos import past

CONVERTED = "ml_features"
DONE = "done"
_REST_S = 3.0
# a second later the policy may do what it is there for
_HOLD = timedelta(seconds=1)


def archive(url: URL) -> None:
    """Have what is due archived, and bring it back."""
    from db.archive import moving

    moving.run(url, past.TABLE)
    time.sleep(_REST_S)
    moving.restore(url, past.TABLE, *past.window(), hold=_HOLD)


def turn(url: URL) -> None:
    """Go on with what was begun, else turn the table into what it is not."""
    from db import convert
    from db.cli._asked import one_asked, way_back
    from db.convert import facts, state
    from db.convert.session import connect, install

    with connect(url) as connection:
        install(connection)
        found = facts.named(connection, CONVERTED)
        job = state.open_job(connection, found.schema, found.name)
    if job is not None and job.phase is convert.Phase.SWAPPED:
        convert.finish(url, CONVERTED)
        return
    is_back = job.direction == "to_plain" if job else found.is_hypertable
    if is_back:
        convert.run(url, way_back(url, CONVERTED), direction="to_plain")
    else:
        convert.run(url, one_asked(url, CONVERTED))
    convert.finish(url, CONVERTED)


def main(what: str) -> None:
    """Do it again and again; whoever started this does so again where it fails."""
    from db.engine import direct_url

    work = {"archive": archive, "convert": turn}[what]
    while True:
        work(direct_url())
        print(DONE, flush=True)
        time.sleep(_REST_S)


if __name__ == "__main__":
    main(sys.argv[1])
