"""What must hold of each read, and beside it what was tried where it is missed."""

from collections.abc import Mapping
from dataclasses import dataclass

# whole days may fall a little short of 15 million rows
_FULL_ROWS = 14_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """Of a read, as ratios within one run: at most so many floors, at least so much faster.

    `of_rows` is the history that the factor is stated for, where days are what makes it;
    `columnstore_ms` holds instead of both for what is read from the columnstore; `tried` is what
    was weighed and measured on the way there.
    """

    floors: float | None = None
    speedup: float | None = None
    of_rows: int = 0
    columnstore_ms: float | None = None
    tried: str = ""

    def is_met(self, speedup: float, floors: float, rows: int) -> bool | None:
        """Whether it holds; None where the history is too short for the factor to be reached."""
        if self.floors is not None and floors > self.floors:
            return False
        if self.speedup is None or speedup >= self.speedup:
            return True
        return False if rows >= self.of_rows else None


_KEPT = (
    "Closed buckets are stored, the open one is read from its source. The plan is kept: {} ms of "
    "the server's CPU, {} where it is made anew with constants."
)
_ONE_ROW = "One row by its key, from a table of four: nothing is left to take away."
_EDGE = Target(1.25, 1.0)

READS: Mapping[str, Target] = {
    "latest_chain": _EDGE,
    "latest_chains": _EDGE,
    "oi_changes": _EDGE,
    "oi_by_strike": Target(
        1.25,
        1.0,
        tried="Two contracts make a row: 82 are read where the floor's table has 41. They lie by "
        "their key, so that a page is looked up once and not for each (0.037 ms of the server's "
        "CPU, 0.032 then, the plain table 0.033). A full join of calls and puts and a window gain "
        "nothing; a table of its own would be written each second.",
    ),
    "pcr_now": Target(1.5, 1.0, tried=_ONE_ROW),
    "max_pain": Target(1.5, 1.0, tried=_ONE_ROW),
    "chain_as_of": Target(
        1.5,
        1.0,
        columnstore_ms=2.0,
        tried="A connection remembers which chunk holds which day and asks that, the instant by a "
        "subquery on the pointer table: one statement, whose plan is a plain table's and is kept. "
        "In two, the second on the hypertable with the instant as a constant, planning took 0.07 "
        "ms and the round trip 0.02: 0.29 ms where one takes 0.17 and the plain table 0.25. One "
        "on the hypertable has every chunk planned; a kept plan of all costs 3 µs a chunk and "
        "waits for whichever is being archived. What looks whether the chunk is the table's still "
        "takes 0.004 ms; the chunk's own newest instant instead of the pointer's would save 0.01, "
        "and be wrong where a chunk was split.",
    ),
    "snapshot_at": Target(
        speedup=1.0,
        tried="A row of the pointer table by its key, from the one chunk that holds it, and its "
        "plan is kept: 0.03 ms of the server's CPU, 0.10 with constants.",
    ),
    "window_40m": Target(
        1.25,
        1.0,
        tried="Binary rows, one chunk, in the order of its index. The floor's table holds nothing "
        "else and lies in that order on disk; in history four exchanges alternate.",
    ),
    "contract_day": Target(
        1.5,
        15.0,
        _FULL_ROWS,
        tried="Rows of one contract lie a page apart: 750 of them are 750 pages. An index that "
        "covers them would be a second copy of history, written with each row. The kept plan sorts "
        "what it finds, as any chunk may hold some of it: asked of the day's chunk alone, or "
        "without an order, it takes a tenth less; but a day may lie in several chunks.",
    ),
    "contract_bars": Target(1.5, 15.0, _FULL_ROWS, tried=_KEPT.format("0.36", "0.67")),
    "pcr_minutes": Target(1.5, 40.0, _FULL_ROWS, tried=_KEPT.format("0.38", "0.79")),
    "pcr_five_minutes": Target(1.5, 400.0, _FULL_ROWS, tried=_KEPT.format("1.86", "2.46")),
    "pcr_days": Target(1.5, 5000.0, _FULL_ROWS, tried=_KEPT.format("0.14", "0.49")),
    "legacy_save_lookup": Target(
        speedup=1.0,
        tried="It asks for the newest instant in a subquery, so that every chunk of 30 days is "
        "planned, three times over, 55 µs a chunk: two thirds of it planning, a tenth the "
        "executor's start. Its text cannot change; settings that shorten planning take more from "
        "others, and chunks of a week were weighed: docs/scaling.md. What a hypertable and nothing "
        "else takes stands under Storing a snapshot.",
    ),
    "legacy_training_frame": Target(
        speedup=1.0, tried="The same rows as text, however they are found: the wire bounds it."
    ),
}
