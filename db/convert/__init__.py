"""Online conversion of a plain table into a hypertable, and back, while it is in use.

    from db import convert
    result = convert.run(url, conversion, options=convert.RunOptions(workers=2),
                         on_progress=print)     # continues what an earlier run began
    convert.undo(url, "option_chain_snapshots")         # the plain table is back, with every row
    convert.finish(url, "option_chain_snapshots")       # the plain table goes

`conversion` is a db.timescale.converter.Conversion; `run(…, direction="to_plain")` goes the other
way. `result` is a convert.Result (rows, seconds, rows_per_s, swap_ms, quarantined). Method: a
shadow table, the keys of concurrent changes logged by statement triggers, the copy in windows of
time, indexes built over the copied rows, logged keys brought in step, both sides compared, one
short swap under lock_timeout; the way back stays open until `finish`. After gh-ost
(https://github.com/github/gh-ost) and timescaledb-backfill.
"""

from db.convert.control import run
from db.convert.ending import adjust, finish, open_conversion, undo, verify
from db.convert.errors import BlockedError, BusyError, ConversionError, MismatchError
from db.convert.model import Job, Phase, Progress, Result, RunOptions, Throttle
from db.convert.planning import Plan, plan
from db.convert.reporting import Report, report

__all__ = [
    "BlockedError",
    "BusyError",
    "ConversionError",
    "Job",
    "MismatchError",
    "Phase",
    "Plan",
    "Progress",
    "Report",
    "Result",
    "RunOptions",
    "Throttle",
    "adjust",
    "finish",
    "open_conversion",
    "plan",
    "report",
    "run",
    "undo",
    "verify",
]
