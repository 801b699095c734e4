"""Both ends of a collector under measurement: arriving ticks, committed rows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, text

from app.collector import Collector
from app.collector.assemble import Assembled
from app.kite.shared import SharedBoard
from app.kite.standin.hours import Hours
from app.kite.standin.market import Market, State
from db.market.clock import IST
from db.market.ticks import ChainSnapshot

_Key = tuple[str, datetime]
_STORED = """
    SELECT token, coalesce(ltp, 0) AS ltp, oi, volume
    FROM option_chain_snapshots
    WHERE exchange = :exchange
      AND timestamp = :at
"""
_COUNTED = """
    SELECT
        count(*) AS rows,
        count(DISTINCT (exchange, timestamp, strike, option_type)) AS contracts
    FROM option_chain_snapshots
"""


class TimedBoard(SharedBoard):
    """Remembers when the first packet of each second of the exchange arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[int, float] = {}

    def decode(self, frame: bytes) -> int:
        arrived = time.perf_counter()
        found = super().decode(frame)
        self.arrived.setdefault(int(self.board.exchange_time.max(initial=0)), arrived)
        return found


@dataclass
class Ends:
    """What was handed to the writer and when it was committed.

    `shown` and `stored` have by exchange and instant written the second of the exchange that the
    chain is from, `stored` with how many contracts it held.
    """

    shown: dict[_Key, int] = field(default_factory=dict)
    stored: dict[_Key, tuple[int, int]] = field(default_factory=dict)
    lags_ms: list[float] = field(default_factory=list)
    queue_max: int = 0

    def reset(self) -> None:
        """Begin to count anew; what was handed over stays known."""
        self.lags_ms.clear()
        self.queue_max = 0

    def watch(self, collector: Collector, board: TimedBoard) -> None:
        """Stand between a collector's parts from now on."""
        assemble, attempt = collector._assembler.assemble, collector._writer._attempt
        outbox = collector._outbox

        def assembled(batch: ChainSnapshot) -> Assembled | None:
            found = assemble(batch)
            if found is not None:
                self._handed_over(batch, found)
                self.queue_max = max(self.queue_max, len(outbox._at_hand))
            return found

        def attempted(action: Callable[[Connection], Any]) -> tuple[bool, Any]:
            settled = attempt(action)
            if isinstance(action, partial) and "snapshot" in action.keywords and settled[0]:
                snapshot = action.keywords["snapshot"]
                second = self.shown.get((snapshot.exchange, snapshot.timestamp))
                if second is not None and second in board.arrived:
                    self.lags_ms.append(1000 * (time.perf_counter() - board.arrived[second]))
            return settled

        collector._assembler.assemble = assembled  # type: ignore[method-assign]
        collector._writer._attempt = attempted  # type: ignore[method-assign]

    def _handed_over(self, batch: ChainSnapshot, found: Assembled) -> None:
        key = (found.snapshot.exchange, found.snapshot.timestamp)
        second = int(batch.timestamp.timestamp())
        self.shown[key] = second
        if found.is_stored:
            self.stored[key] = (second, len(batch.options))


def compared(engine: Engine, ends: Ends, board: TimedBoard, seed: int) -> dict[str, int]:
    """What history holds beside what the stand-in sent; a contract may lag by one tick."""
    moment = [datetime.now(IST)]
    market = Market(lambda: moment[0], seed=seed, hours=Hours(always=True))

    def state_at(second: int) -> State:
        moment[0] = datetime.fromtimestamp(second, IST)
        return market.state()

    wrong = 0
    with engine.connect() as connection:
        counted = connection.execute(text(_COUNTED)).one()
        for (exchange, at), (second, _) in ends.stored.items():
            binds = {"exchange": exchange, "at": at.replace(tzinfo=None)}
            rows = np.array(connection.execute(text(_STORED), binds).all(), dtype=np.float64)
            before = max((each for each in board.arrived if 0 < each < second), default=second)
            right = _same(rows, state_at(second)) | _same(rows, state_at(before))
            wrong += int((~right).sum())
    return {
        "rows_sent": sum(contracts for _, contracts in ends.stored.values()),
        "rows_stored": counted.rows,
        "rows_doubled": counted.rows - counted.contracts,
        "rows_wrong": wrong,
    }


def _same(rows: "np.ndarray[Any, Any]", state: State) -> "np.ndarray[Any, Any]":
    """Which stored rows (token, price, OI, volume) are those of a state of the market."""
    places = np.searchsorted(state.listings.tokens, rows[:, 0])
    sent = state.rows[np.minimum(places, len(state.rows) - 1)]
    found: np.ndarray[Any, Any] = (
        (sent["token"] == rows[:, 0])
        & (np.abs(sent["ltp"] / 100 - rows[:, 1]) < 1e-6)
        & (sent["oi"] == rows[:, 2])
        & (sent["volume"] == rows[:, 3])
    )
    return found
