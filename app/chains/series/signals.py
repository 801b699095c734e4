"""What a model said through one trading day: where it began to say something else, or nothing."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from db.market.limits import SIGNAL_HOLDS_S

if TYPE_CHECKING:
    from db.queries.signals import SignalRun

_DIGITS = 4
_HOLDS = timedelta(seconds=SIGNAL_HOLDS_S)
_NAMES = ("times", "signals", "chances", "outcomes")


def told(reading: Reading) -> Series:
    """The turns of the day that is meant; one without a signal is where the last one ran out.

    `chances` are those with which a signal began, `outcomes` what the index did after that.
    """
    from db.queries.signals import signal_runs

    runs: tuple[SignalRun, ...] = ()
    if reading.day is not None:
        start, end = bounds(reading.day)
        with reading.source.history() as connection:
            runs = signal_runs(connection, reading.exchange, start, end)
    turns = _turns(runs)
    return Series(
        facts={"day": None if reading.day is None else reading.day.isoformat()},
        columns={name: [turn[i] for turn in turns] for i, name in enumerate(_NAMES)},
    )


def _turns(runs: "tuple[SignalRun, ...]") -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for i, run in enumerate(runs):
        chance = round(run.confidence, _DIGITS)
        found.append((f"{run.timestamp:%H:%M:%S}", run.signal, chance, run.outcome))
        over = run.ends + _HOLDS
        if i + 1 == len(runs) or runs[i + 1].timestamp > over:
            found.append((f"{over:%H:%M:%S}", None, None, None))
    return found
