"""Which states of a live feed become history: one a snapshot interval."""

from dataclasses import replace
from datetime import datetime, timedelta

from db.market.ticks import ChainSnapshot

_PROMPT_S = 3.0


def mark_of(at: datetime, interval_s: int) -> datetime:
    """The newest mark at or before a moment (aware)."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = int((at - midnight).total_seconds())
    return midnight + timedelta(seconds=passed - passed % interval_s)


class Schedule:
    """Marks stand at whole multiples of the interval since midnight, IST.

    The first state at or after a mark is stored under the mark's own time; if it comes more than
    three seconds late, under the time it is from. The legacy program skips a snapshot in which no
    OI changed; here every one is stored, so that an instant that is missing means a gap.
    """

    def __init__(self, interval_s: int) -> None:
        self._interval_s = interval_s
        self._last_mark: dict[str, datetime] = {}

    def due(self, batch: ChainSnapshot) -> ChainSnapshot | None:
        """The batch as it is to be stored, or None if it is not its turn."""
        mark = mark_of(batch.timestamp, self._interval_s)
        late_s = (batch.timestamp - mark).total_seconds()
        previous = self._last_mark.get(batch.exchange)
        self._last_mark[batch.exchange] = mark
        if late_s <= _PROMPT_S:
            return replace(batch, timestamp=mark) if mark != previous else None
        # the first state after a start is no substitute for a mark that has passed
        is_missed = previous is not None and mark > previous
        return (
            replace(batch, timestamp=batch.timestamp.replace(microsecond=0)) if is_missed else None
        )
