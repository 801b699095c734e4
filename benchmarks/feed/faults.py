"""One fault of the stand-in after the other, each until what it breaks has been broken."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle

from app.kite.standin.faults import Fault
from app.kite.ticker import LinkState
from benchmarks.feed.official_client import OfficialClient
from benchmarks.feed.rig import Rig
from benchmarks.feed.sent import Refused
from benchmarks.timing.waiting import awaited

HELD_S = {Fault.SILENT: 7.0, Fault.MUTE: 12.0}
"""How long those last that a watch must notice: longer than it takes."""
_HELD_S = 6.0
_PATIENCE_S = 30.0
_DUMP = frozenset(
    {
        *(Fault.BAD_ROW, Fault.EXTRA_COLUMN, Fault.EMPTY_EXPIRY),
        *(Fault.SHORT_DUMP, Fault.EMPTY_DUMP),
    }
)
_ASKING = _DUMP | {Fault.SLOW, Fault.SERVER_ERROR, Fault.TOO_MANY}
_LASTING = _DUMP | {
    *(Fault.SILENT, Fault.MUTE, Fault.SLOW, Fault.SPOT_IN_OPTION),
    *(Fault.INDEX_ZERO, Fault.INDEX_FROZEN),
}


@dataclass
class Troubles:
    """Lets each fault happen in turn.

    `done` has when which one did, `refused` which prices made no sense for how long.
    """

    rig: Rig
    official: OfficialClient
    faults: tuple[Fault, ...] = tuple(Fault)
    done: list[tuple[datetime, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    _turns: Iterator[Fault] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = cycle(self.faults)

    def next(self) -> None:
        """Let the next fault happen."""
        fault = next(self._turns)
        self.done.append((self.rig.clock(), fault))
        held_s = HELD_S.get(fault, _HELD_S)
        how: dict[str, object] = {"seconds": held_s} if fault in _LASTING else {}
        if fault is Fault.SPOT_IN_OPTION:
            how["value"] = self._confused(held_s)
        self.rig.broker.fault(fault, **how)
        if fault is Fault.REFUSED:
            self.rig.broker.fault(Fault.DISCONNECT)
        elif fault is Fault.EXPIRED:
            self._log_in_again()
        elif fault in _ASKING:
            self._ask_for_the_dump()
        if fault in _DUMP:
            # the day goes on with what the broker lists when it is sound again
            time.sleep(held_s)
            self._ask_for_the_dump()

    def last_at(self, moment: datetime) -> str:
        """The fault that came last before a moment; "" before the first."""
        return next((name for at, name in reversed(self.done) if at <= moment), "")

    def _confused(self, held_s: float) -> int:
        """An option of the first chain that is to show its index's price for so long."""
        listing = next(iter(self.rig.catalogue.at(self.rig.clock()).values()))
        token, now = int(listing.token[len(listing) // 2]), self.rig.clock().timestamp()
        lasting_s = (held_s + _HELD_S) * self.rig.clock.speed
        self.refused.append(Refused(token, int(now) - 1, int(now + lasting_s)))
        return token

    def _log_in_again(self) -> None:
        subscriptions = self.rig.subscriptions
        awaited(
            lambda: subscriptions.state is LinkState.LOGIN_NEEDED,
            _PATIENCE_S,
            "The end of the session was not noticed.",
        )
        self.official.log_in(self.rig.broker.log_in().access_token)

    def _ask_for_the_dump(self) -> None:
        """Have the catalogue take up the day's dump anew, as on a morning."""
        catalogue = self.rig.catalogue
        with catalogue._lock:
            day, catalogue._day, catalogue._ask_after = catalogue._day, None, 0.0
        if day is not None:
            with suppress(FileNotFoundError):
                catalogue._path(day).unlink()
