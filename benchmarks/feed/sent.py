"""What the stand-in sent, by its journal, held against what history holds and a browser saw."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from benchmarks.feed.ends import Key
from db.market.clock import IST

Records = NDArray[np.void]
_STORED = """
    SELECT token, coalesce(ltp, 0) AS ltp, coalesce(oi, -1) AS oi, coalesce(volume, -1) AS volume
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
_LOOKED_BACK = 24
_NOTHING = np.array([0.0, -1.0, -1.0])
_AROUND = 6
_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Refused:
    """A contract whose price made no sense between two seconds of the exchange."""

    token: int
    first: int
    last: int


class Sent:
    """The ticks of one subscriber, frame by frame and by token.

    A connection brings its frames whole and in order. So a chain, wherever its reader was, is what
    all frames up to one of them leave: `wrong` looks for that one.
    """

    def __init__(self, records: Records) -> None:
        records = records[~records["is_older"]]
        is_next = np.ones(len(records), np.bool_)
        is_next[1:] = (records["sent_ns"][1:] != records["sent_ns"][:-1]) | (
            records["port"][1:] != records["port"][:-1]
        )
        frames = np.cumsum(is_next) - 1
        self._ports = records["port"][is_next]
        self._frames_of = _spans(frames, records)
        order = np.argsort(records["token"], kind="stable")
        self.rows: Records = records[order]
        self._keys = _keys(self.rows["token"], frames[order])
        self._runs = _runs(self.rows)
        self._oi = _last_known(self.rows["oi"], self.rows["is_full"], self._runs, unknown=-1)
        self._ltp = _last_known(self.rows["ltp"], self.rows["ltp"] > 0, self._runs, unknown=0)

    def wrong(
        self, stored: NDArray[np.float64], second: int, refused: Collection[Refused]
    ) -> NDArray[np.intp]:
        """Which stored rows (token, price, OI, volume) of a chain of that second were not sent.

        All of them where no tick of that second was.
        """
        tokens = stored[:, 0].astype(np.uint64)
        unpriced = _unpriced(tokens, second, refused)
        found = [
            self._wrong_at(frame, tokens, stored, unpriced)
            for frame in self._frames_of.get(second, ())
        ]
        return min(found, key=len, default=np.arange(len(stored)))

    def around(self, token: int, second: int) -> list[str]:
        """What was sent of an instrument before and after a second of the exchange."""
        its = self.rows[self.rows["token"] == token]
        later = int(np.searchsorted(its["exchange_time"], second, side="right"))
        near = its[max(0, later - _AROUND) : later + _AROUND]
        return [
            f"{datetime.fromtimestamp(int(row['exchange_time']), IST):%H:%M:%S}"
            f" {row['ltp'] / 100:.2f} OI {row['oi']} volume {row['volume']} port {row['port']}"
            f"{'' if row['is_sound'] else ' distorted'}{'' if row['is_full'] else ' not full'}"
            for row in near
        ]

    def _wrong_at(
        self,
        frame: int,
        tokens: NDArray[np.uint64],
        stored: NDArray[np.float64],
        unpriced: NDArray[np.bool_],
    ) -> NDArray[np.intp]:
        """Which differ from what the frames up to this one leave.

        Before a tick that may not have been read the one before it may stand: of a frame that a
        fault distorted, or of a connection that has ended since.
        """
        at = np.searchsorted(self._keys, _keys(tokens, np.uint64(frame)), side="right") - 1
        right = self._carried(at, frame, tokens, stored, unpriced)
        right |= self._awaited(at + 1, tokens) & (stored[:, 1:] == _NOTHING).all(axis=1)
        may_stand = np.ones(len(stored), np.bool_)
        for _ in range(_LOOKED_BACK):
            place = np.maximum(at, 0)
            rows = self.rows[place]
            may_stand &= (at >= 0) & (rows["token"] == tokens)
            right |= may_stand & self._same(place, stored, unpriced)
            if right.all():
                break
            may_stand &= ~rows["is_sound"] | (rows["port"] != self._ports[frame])
            at -= 1
        return np.flatnonzero(~right)

    def _carried(
        self,
        at: NDArray[np.intp],
        frame: int,
        tokens: NDArray[np.uint64],
        stored: NDArray[np.float64],
        unpriced: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Whether a contract's last tick is a quote, and its OI one that was known before that.

        As far back as ticks may not have been read, as in `_wrong_at`.
        """
        place = np.maximum(at, 0)
        may_stand = ~self.rows["is_full"][place] & (self._runs[place] < at)
        may_stand &= self._same_but_oi(place, stored, unpriced)
        found = np.zeros(len(stored), np.bool_)
        for back in range(1, _LOOKED_BACK):
            place = np.maximum(at - back, 0)
            rows = self.rows[place]
            may_stand &= (at >= back) & (rows["token"] == tokens)
            found |= may_stand & (self._oi[place] == stored[:, 2])
            is_read = rows["is_sound"] & (rows["port"] == self._ports[frame])
            may_stand &= ~(is_read & rows["is_full"])
        return found

    def _awaited(self, after: NDArray[np.intp], tokens: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether a contract is followed, and the first tick of it comes only after these."""
        place = np.minimum(after, len(self.rows) - 1)
        is_its_own = (self.rows["token"][place] == tokens) & (after < len(self.rows))
        found: NDArray[np.bool_] = is_its_own & (self._runs[place] == after)
        return found

    def _same(
        self, place: NDArray[np.intp], stored: NDArray[np.float64], unpriced: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether what was known after these ticks is what is stored: price, OI, volume."""
        is_known: NDArray[np.bool_] = self._oi[place] == stored[:, 2]
        return is_known & self._same_but_oi(place, stored, unpriced)

    def _same_but_oi(
        self, place: NDArray[np.intp], stored: NDArray[np.float64], unpriced: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        price = np.abs(self._ltp[place] / 100 - stored[:, 1]) < 1e-6
        found: NDArray[np.bool_] = (price | (unpriced & (stored[:, 1] == 0))) & (
            self.rows["volume"][place] == stored[:, 3]
        )
        return found

    def sent_at(self) -> dict[int, float]:
        """By second of the exchange: when its first tick was sent, by perf_counter."""
        rows = self.rows[self.rows["is_full"]]
        seconds, first = np.unique(rows["exchange_time"], return_inverse=True)
        began = np.full(len(seconds), np.iinfo(np.uint64).max, np.uint64)
        np.minimum.at(began, first, rows["sent_ns"])
        return dict(zip(seconds.tolist(), (began / 1e9).tolist(), strict=True))


def compared(
    engine: Engine,
    stored: Mapping[Key, tuple[int, int]],
    sent: Sent,
    refused: Collection[Refused] = (),
) -> dict[str, Any]:
    """Whether history holds each row that was due once, as it was sent."""
    wrong: dict[str, int] = {}
    examples: dict[float, dict[str, Any]] = {}
    with engine.connect() as connection:
        counted = connection.execute(text(_COUNTED)).one()
        for (exchange, at), (second, _) in stored.items():
            binds = {"exchange": exchange, "at": at.replace(tzinfo=None)}
            found = np.array(connection.execute(text(_STORED), binds).all(), dtype=np.float64)
            rows = found.reshape(-1, 4)
            places = sent.wrong(rows, second, refused)
            if len(places):
                wrong[f"{exchange} {at:%H:%M:%S}"] = len(places)
            for row in rows[places]:
                if row[0] not in examples and len(examples) < _EXAMPLES:
                    examples[row[0]] = _example(exchange, at, row, sent, second)
    return {
        "rows_sent": sum(contracts for _, contracts in stored.values()),
        "rows_stored": counted.rows,
        "rows_doubled": counted.rows - counted.contracts,
        "rows_wrong": sum(wrong.values()),
        "chains_wrong": wrong,
        "examples_wrong": list(examples.values()),
    }


def _example(
    exchange: str, at: datetime, row: NDArray[np.float64], sent: Sent, second: int
) -> dict[str, Any]:
    token, ltp, oi, volume = row.tolist()
    return {
        "chain": f"{exchange} {at:%H:%M:%S}",
        "of_second": f"{datetime.fromtimestamp(second, IST):%H:%M:%S}",
        "token": int(token),
        "stored": f"{ltp:.2f} OI {oi:.0f} volume {volume:.0f}",
        "sent": sent.around(int(token), second),
    }


def unsent(ticks: Records, records: Records) -> int:
    """How many full ticks that a client read were never sent, by token, time and figures."""
    return int((~np.isin(_marks(ticks), _marks(records[records["is_full"]]))).sum())


def _spans(frames: NDArray[np.int64], records: Records) -> dict[int, range]:
    """By second of the exchange: the frames from its first full tick to that of the next second."""
    seconds, first = np.unique(records["exchange_time"][records["is_full"]], return_index=True)
    begins = frames[records["is_full"]][first]
    ends = [*begins[1:].tolist(), int(frames[-1]) + 1 if len(frames) else 0]
    spans = zip(seconds.tolist(), begins.tolist(), ends, strict=True)
    return {second: range(begin, end) for second, begin, end in spans}


def _runs(rows: Records) -> NDArray[np.int64]:
    """Where each tick's run begins: the ticks of a token between which nothing is forgotten.

    A quote that follows a full tick of the same connection is the first of a contract that its
    client has left and follows anew.
    """
    place = np.arange(len(rows))
    begins = np.ones(len(rows), np.bool_)
    is_same = (rows["token"][1:] == rows["token"][:-1]) & (rows["port"][1:] == rows["port"][:-1])
    is_anew = is_same & rows["is_full"][:-1] & ~rows["is_full"][1:]
    begins[1:] = (rows["token"][1:] != rows["token"][:-1]) | is_anew
    found: NDArray[np.int64] = np.maximum.accumulate(np.where(begins, place, 0))
    return found


def _last_known(
    values: "NDArray[Any]", is_known: NDArray[np.bool_], runs: NDArray[np.int64], *, unknown: int
) -> NDArray[np.int64]:
    """The figure that is known after each tick of a run; `unknown` before the first."""
    place = np.where(is_known, np.arange(len(values)), -1)
    last = np.maximum.accumulate(place) if len(values) else place
    found: NDArray[np.int64] = np.where(
        last >= runs, values.astype(np.int64)[np.maximum(last, 0)], unknown
    )
    return found


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
