"""What can go wrong on demand."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.kite.standin.errors import input_error
from app.kite.standin.listing import Listings
from app.kite.standin.packets import Rows
from db.market.calendar import Instrument
from db.market.exchanges import EXCHANGES


class Fault(StrEnum):
    """A fault by name; those in `ONCE` happen once unless told how often, others last."""

    MUTE = "mute"  # heartbeats, no ticks
    SILENT = "silent"  # nothing at all, the connection stays open
    HALF_FRAME = "half_frame"  # a message that ends in the middle
    TORN_FRAME = "torn_frame"  # half of a WebSocket frame, then the connection is gone
    WRONG_LENGTH = "wrong_length"  # a packet that says it is longer than it is
    ODD_LENGTH = "odd_length"  # one more packet, of a length that no mode has
    WRONG_COUNT = "wrong_count"  # more packets promised than there are
    OUT_OF_ORDER = "out_of_order"  # an older exchange time after a newer one
    TEXT = "text"  # text frames that hold no JSON object
    DISCONNECT = "disconnect"  # all sockets are cut
    EXPIRED = "expired"  # the session ends; sockets too, unless value is "keep"
    SLOW = "slow"  # each HTTP answer waits `value` seconds
    SERVER_ERROR = "server_error"  # an HTTP answer with status `value`
    TOO_MANY = "too_many"  # 429 for an HTTP request
    REFUSED = "refused"  # 429 for a socket: one connection too many
    INDEX_ZERO = "index_zero"  # indices quoted 0
    INDEX_FROZEN = "index_frozen"  # indices stand still
    SPOT_IN_OPTION = "spot_in_option"  # an option shows its index's price (`value`: its token)
    BAD_ROW = "bad_row"  # a row of the dump that cannot be read
    EXTRA_COLUMN = "extra_column"  # one column more in the dump
    EMPTY_EXPIRY = "empty_expiry"  # an option without its expiry
    SHORT_DUMP = "short_dump"  # a tenth of the dump
    EMPTY_DUMP = "empty_dump"  # nothing but the header


ONCE = frozenset(
    {
        *(Fault.HALF_FRAME, Fault.TORN_FRAME, Fault.WRONG_LENGTH, Fault.ODD_LENGTH),
        *(Fault.WRONG_COUNT, Fault.OUT_OF_ORDER, Fault.SERVER_ERROR, Fault.TOO_MANY),
        Fault.REFUSED,
    }
)
AT_ONCE = frozenset({Fault.TEXT, Fault.DISCONNECT, Fault.EXPIRED})
"""Done when they are asked for; nothing of them lasts."""

_DISTORTIONS = (
    *(Fault.HALF_FRAME, Fault.TORN_FRAME, Fault.WRONG_LENGTH),
    *(Fault.ODD_LENGTH, Fault.WRONG_COUNT),
)


def fault_named(name: str) -> Fault:
    """The fault of that name; raises KiteError (400) that names the known ones."""
    try:
        return Fault(name)
    except ValueError:
        raise input_error(f"Unknown fault {name!r}; known are {', '.join(Fault)}.") from None


@dataclass(slots=True)
class _Armed:
    """A fault in force: how many uses are left and until when; None is without end."""

    times: int | None
    until: float | None
    value: object


class Faults:
    """The faults in force; may be set and asked from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._armed: dict[Fault, _Armed] = {}
        self._frozen: Rows | None = None

    def set(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        seconds: float | None = None,
        value: object = None,
    ) -> None:
        """Let a fault hold for so many uses or seconds, else until it is cleared."""
        if times is None and fault in ONCE:
            times = 1
        until = None if seconds is None else self._clock() + seconds
        with self._lock:
            self._armed[fault] = _Armed(times, until, value)
            if fault is Fault.INDEX_FROZEN:
                self._frozen = None

    def clear(self, fault: Fault | None = None) -> None:
        """End a fault, or all."""
        with self._lock:
            if fault is None:
                self._armed.clear()
            else:
                self._armed.pop(fault, None)

    def names(self) -> list[str]:
        """The faults that hold now."""
        return [fault for fault in Fault if self.holds(fault)]

    def holds(self, fault: Fault) -> bool:
        """Whether a fault is in force."""
        with self._lock:
            return self._found(fault) is not None

    def value(self, fault: Fault, default: float) -> float:
        """The number that a fault in force was given."""
        with self._lock:
            armed = self._found(fault)
        return armed.value if armed and isinstance(armed.value, int | float) else default

    def take(self, fault: Fault) -> bool:
        """Whether a fault is in force; one use of it is gone then."""
        with self._lock:
            armed = self._found(fault)
            if armed is None:
                return False
            if armed.times is not None:
                armed.times -= 1
            return True

    def take_distortion(self) -> Fault | None:
        """What the next frame of ticks suffers, if anything."""
        return next((fault for fault in _DISTORTIONS if self.take(fault)), None)

    def disturb(self, rows: Rows, listings: Listings) -> None:
        """Change the market's rows as the faults in force have it."""
        instruments = np.array([row.instrument is Instrument.INDEX for row in listings.rows])
        if self.holds(Fault.INDEX_FROZEN):
            if self._frozen is None:
                self._frozen = rows[instruments]
            rows[instruments] = self._frozen
        if self.holds(Fault.INDEX_ZERO):
            rows["ltp"][instruments] = 0
        if self.holds(Fault.SPOT_IN_OPTION):
            self._confuse(rows, listings)

    def _confuse(self, rows: Rows, listings: Listings) -> None:
        first = next(row.token for row in listings.rows if row.instrument is Instrument.OPTIONS)
        place = listings.place.get(int(self.value(Fault.SPOT_IN_OPTION, first)))
        if place is None:
            return
        spot = next(
            number
            for number, row in enumerate(listings.rows)
            if row.instrument is Instrument.INDEX
            and EXCHANGES[row.chain.key].underlying_symbol == listings.rows[place].name
        )
        rows["ltp"][place] = rows["ltp"][spot]

    def _found(self, fault: Fault) -> _Armed | None:
        armed = self._armed.get(fault)
        if armed is None:
            return None
        if armed.times == 0 or (armed.until is not None and self._clock() >= armed.until):
            del self._armed[fault]
            return None
        return armed
