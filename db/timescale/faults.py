"""Faults of TimescaleDB that this toolkit knows, by version, with the way around each.

Each is an issue of https://github.com/timescale/timescaledb.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from db.timescale.editions import Edition, Server

Release = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong from one release to another (None: to this day), and what helps.

    `is_avoided`: nothing that is made here meets it.
    """

    issue: int
    text: str
    way_out: str
    since: Release = (0, 0, 0)
    until: Release | None = None
    edition: Edition = "community"
    is_avoided: bool = False

    @property
    def sentence(self) -> str:
        """For the person who migrates or looks."""
        return f"TimescaleDB #{self.issue}: {self.text}; {self.way_out}."

    def concerns(self, server: Server) -> bool:
        """Whether a server has it."""
        release = release_of(server.timescaledb_version)
        return (
            server.edition == self.edition
            and release >= self.since
            and (self.until is None or release <= self.until)
        )


FAULTS: Sequence[Fault] = (
    Fault(
        10447,
        "DISTINCT ON … ORDER BY … DESC over chunks of both stores returns a wrong row, silently",
        "update to 2.29.2 or later, or SET timescaledb.enable_skipscan = off",
        since=(2, 22, 0),
        until=(2, 29, 1),
    ),
    Fault(
        10414,
        "an empty sparse_index in the columnstore's settings crashes the server, from 2.27 on",
        "python -m db status names a table that has one, with what takes it away",
        since=(2, 22, 0),
        is_avoided=True,
    ),
    Fault(
        9575,
        "ON CONFLICT DO NOTHING doubles rows with a NULL in their key in chunks of the columnstore",
        "update to 2.29.2 or later",
        until=(2, 29, 1),
        is_avoided=True,
    ),
    Fault(
        10057,
        "the same to this day where the NULL is in a column the columnstore segments by",
        "let no column of a key be NULL, and count what went in",
        is_avoided=True,
    ),
    Fault(
        8800,
        "a DELETE in a chunk of the columnstore may not reach continuous aggregates",
        "update to 2.29.2 or later, or refresh its time range by force",
        since=(2, 21, 0),
        until=(2, 29, 1),
    ),
    Fault(
        10296,
        "an aggregate with a time zone in time_bucket loses rows of a write over two chunks",
        "bucket naive or UTC times, as rollups declared here do",
        is_avoided=True,
    ),
    Fault(
        9360,
        "a policy that ran when the server crashed may stand at −infinity and never run again",
        "python -m db status names it; SELECT alter_job(job_id, next_start => now()) wakes it",
        is_avoided=True,
    ),
)


def known_faults(server: Server) -> list[Fault]:
    """Those that a server has."""
    return [fault for fault in FAULTS if fault.concerns(server)]


def release_of(version: str) -> Release:
    """`2.29.2` as numbers; what follows them does not count."""
    major, minor, patch, *_ = (*map(int, re.findall(r"\d+", version)), 0, 0, 0)
    return major, minor, patch
