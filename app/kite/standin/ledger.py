"""What was sent: counts and last values by token, to be compared with what arrived."""

import threading
from collections import Counter

import numpy as np

from app.kite.standin.packets import FULL, LTP, TICK, Rows, divisor


class Ledger:
    """Sound ticks that went out on any socket; what a fault distorted is counted apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._last: dict[int, tuple[str, bytes]] = {}
        self.distorted: Counter[str] = Counter()
        self.heartbeats = 0

    def sent(self, rows: Rows, mode: str) -> None:
        """Remember that these rows went out."""
        tokens = rows["token"].tolist()
        whole, size = rows.tobytes(), rows.dtype.itemsize
        last = {
            token: (mode, whole[number * size : (number + 1) * size])
            for number, token in enumerate(tokens)
        }
        with self._lock:
            self._counts.update(tokens)
            self._last |= last

    def beat(self) -> None:
        """Remember a heartbeat."""
        with self._lock:
            self.heartbeats += 1

    def spoiled(self, name: str) -> None:
        """Remember a frame that went out distorted."""
        with self._lock:
            self.distorted[name] += 1

    def count(self, token: int) -> int:
        """How many ticks of a token went out."""
        return self._counts[token]

    @property
    def ticks(self) -> int:
        """How many ticks went out in all."""
        return self._counts.total()

    def counts(self) -> dict[int, int]:
        """Ticks by token."""
        with self._lock:
            return dict(self._counts)

    def last(self, token: int) -> dict[str, float | int | str] | None:
        """The last tick of a token: its mode and, in rupees and units, what that mode shows."""
        with self._lock:
            found = self._last.get(token)
        if found is None:
            return None
        mode, raw = found
        row = np.frombuffer(raw, TICK)[0]
        shown: dict[str, float | int | str] = {
            "mode": mode,
            "last_price": int(row["ltp"]) / divisor(token),
        }
        if mode != LTP:
            shown["volume"] = int(row["volume"])
        if mode == FULL:
            shown["oi"] = int(row["oi"])
            shown["exchange_time"] = int(row["exchange_time"])
        return shown

    def as_json(self) -> dict[str, object]:
        """Everything, for a client in another process."""
        counts = self.counts()
        return {
            "ticks": sum(counts.values()),
            "heartbeats": self.heartbeats,
            "distorted": dict(self.distorted),
            "tokens": {
                str(token): {"count": count, "last": self.last(token)}
                for token, count in counts.items()
            },
        }
