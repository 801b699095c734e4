"""What the stand-in sent, by its journal, held against what history holds and a browser saw."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from benchmarks.feed.ends import Key

Records = NDArray[np.void]
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
_TOKEN_BITS = np.uint64(32)
_LOOKED_BACK = 8
_MOST_BEFORE = 1
"""How many newer ticks may have been under way when a chain was read."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A contract whose price made no sense between two seconds of the exchange."""

    token: int
    first: int
    last: int


class Sent:
    """The ticks of one subscriber, by token and in the order in which they were sent."""

    def __init__(self, records: Records) -> None:
        order = np.argsort(records["token"], kind="stable")
        self.rows: Records = records[order]
        self._keys = _keys(self.rows["token"], self.rows["exchange_time"])

    def wrong(self, stored: NDArray[np.float64], second: int, refused: Collection[Refused]) -> int:
        """How many stored rows (token, price, OI, volume) of a chain of that second were not sent.

        Right is the newest tick until then or the one before it, which may have been read while
        the newest was under way; a tick that a fault distorted may stand instead of both.
        """
        tokens = stored[:, 0].astype(np.uint64)
        at = np.searchsorted(self._keys, _keys(tokens, np.uint64(second)), side="right") - 1
        right = np.zeros(len(stored), np.bool_)
        passed = np.zeros(len(stored), np.int64)
        unpriced = _unpriced(tokens, second, refused)
        for _ in range(_LOOKED_BACK):
            rows = self.rows[np.maximum(at, 0)]
            is_there = (at >= 0) & (rows["token"] == tokens) & (passed <= _MOST_BEFORE)
            right |= is_there & _same(rows, stored, unpriced)
            passed += rows["is_sound"]
            at -= 1
        return int((~right).sum())

    def sent_at(self) -> dict[int, float]:
        """By second of the exchange: when its first tick was sent, by perf_counter."""
        seconds, first = np.unique(self.rows["exchange_time"], return_inverse=True)
        began = np.full(len(seconds), np.iinfo(np.uint64).max, np.uint64)
        np.minimum.at(began, first, self.rows["sent_ns"])
        return dict(zip(seconds.tolist(), (began / 1e9).tolist(), strict=True))


def compared(
    engine: Engine,
    stored: Mapping[Key, tuple[int, int]],
    sent: Sent,
    refused: Collection[Refused] = (),
) -> dict[str, int]:
    """Whether history holds each row that was due once, as it was sent."""
    wrong = 0
    with engine.connect() as connection:
        counted = connection.execute(text(_COUNTED)).one()
        for (exchange, at), (second, _) in stored.items():
            binds = {"exchange": exchange, "at": at.replace(tzinfo=None)}
            rows = np.array(connection.execute(text(_STORED), binds).all(), dtype=np.float64)
            wrong += sent.wrong(rows.reshape(-1, 4), second, refused)
    return {
        "rows_sent": sum(contracts for _, contracts in stored.values()),
        "rows_stored": counted.rows,
        "rows_doubled": counted.rows - counted.contracts,
        "rows_wrong": wrong,
    }


def unsent(ticks: Records, records: Records) -> int:
    """How many ticks that a client read (token, exchange_time, ltp, oi, volume) were never sent."""
    return int((~np.isin(_marks(ticks), _marks(records))).sum())


def _keys(tokens: "NDArray[Any]", seconds: "NDArray[Any] | np.uint64") -> NDArray[np.uint64]:
    found: NDArray[np.uint64] = (tokens.astype(np.uint64) << _TOKEN_BITS) | np.asarray(
        seconds, np.uint64
    )
    return found


def _marks(rows: Records) -> NDArray[np.uint64]:
    """A number for each tick that hardly any other has."""
    mark = _keys(rows["token"], rows["exchange_time"])
    for name, factor in (
        ("ltp", 0x9E3779B97F4A7C15),
        ("oi", 0xC2B2AE3D27D4EB4F),
        ("volume", 0x165667B19E3779F9),
    ):
        mark = (mark ^ rows[name].astype(np.uint64)) * np.uint64(factor)
        mark ^= mark >> np.uint64(29)
    return mark


def _unpriced(
    tokens: NDArray[np.uint64], second: int, refused: Collection[Refused]
) -> NDArray[np.bool_]:
    found = [each.token for each in refused if each.first <= second <= each.last]
    return np.isin(tokens, np.array(found, np.uint64))


def _same(
    rows: Records, stored: NDArray[np.float64], unpriced: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    price = np.abs(rows["ltp"] / 100 - stored[:, 1]) < 1e-6
    found: NDArray[np.bool_] = (
        (price | (unpriced & (stored[:, 1] == 0)))
        & (rows["oi"] == stored[:, 2])
        & (rows["volume"] == stored[:, 3])
    )
    return found
