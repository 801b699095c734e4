"""Writing how long operations took, how commands went, and which objectives burn."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection

from db.notices import announce
from db.watched import named_text

TOPIC = "performance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A key's operations of one process in some seconds that end `sampled_at` (aware)."""

    sampled_at: datetime
    service: str
    process: str
    kind: str
    name: str
    operations: int
    failures: int
    bad: int
    total_ms: float
    max_ms: float
    p95_ms: float | None
    size: int | None


def write_samples(connection: Connection, samples: Sequence[Sample]) -> None:
    """Store samples, all in one statement."""
    if samples:
        given = orjson.dumps([asdict(each) for each in samples]).decode()
        connection.execute(named_text("db.ingest", "performance", "sample"), {"samples": given})


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a command (times aware); `problem` says why it failed, None where it did not."""

    name: str
    process: str
    began_at: datetime
    ended_at: datetime
    size: int | None
    problem: str | None


def may_note_runs(connection: Connection) -> bool:
    """Whether runs can be noted here by whoever is connected."""
    return bool(connection.scalar(named_text("db.ingest", "performance", "may_note_runs")))


def write_run(connection: Connection, ran: Ran) -> None:
    """Note the newest run of a command; its last failure stays."""
    connection.execute(named_text("db.ingest", "performance", "run"), asdict(ran))


def open_alert(connection: Connection, objective: str, burn: float, sentence: str) -> bool:
    """Note that an objective burns and announce it; False where somebody has already."""
    binds = {"objective": objective, "burn": burn, "sentence": sentence}
    statement = named_text("db.ingest", "performance", "burn")
    if connection.scalar(statement, binds) is None:
        return False
    announce(connection, TOPIC, None, objective=objective, burning=1, sentence=sentence)
    return True


def resolve_alert(connection: Connection, objective: str) -> bool:
    """Note that it burns no more and announce it; False where somebody has already."""
    statement = named_text("db.ingest", "performance", "resolve")
    if connection.scalar(statement, {"objective": objective}) is None:
        return False
    announce(connection, TOPIC, None, objective=objective, burning=0)
    return True
