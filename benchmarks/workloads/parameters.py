"""Parameters drawn from a seed: live edge, random instants, random contracts, random ranges."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from benchmarks.dataset.market import strike_grid
from benchmarks.dataset.spec import SESSION_OPEN, DatasetSpec
from db.market.exchanges import EXCHANGES

Parameters = Mapping[str, Any]
Draw = Callable[["Dice"], Parameters]

# trading days within the 30 calendar days that are not archived, less one for their border
_HOT_DAYS = 20


@dataclass(frozen=True, slots=True)
class Dice:
    """A seeded source of choices within one history; all times are naive IST."""

    spec: DatasetSpec
    random: random.Random

    def exchange(self) -> str:
        """Any exchange key."""
        return self.random.choice(list(EXCHANGES))

    def instant(self) -> datetime:
        """Any moment of a session among the last twenty trading days, rarely on a snapshot."""
        day = self.random.choice(self.spec.trading_days[-_HOT_DAYS:])
        session_s = self.spec.snapshots_per_day * self.spec.cadence_s
        after_open = timedelta(seconds=self.random.randrange(60, session_s))
        return datetime.combine(day, SESSION_OPEN) + after_open


def live(dice: Dice) -> Parameters:
    """The newest snapshot of any exchange."""
    return {"exchange": dice.exchange()}


def nothing(dice: Dice) -> Parameters:
    """No parameters."""
    return {}


def moment(dice: Dice) -> Parameters:
    """Any exchange at any instant of the hot days."""
    return {"exchange": dice.exchange(), "at": dice.instant()}


def contract(dice: Dice) -> Parameters:
    """Any contract on any of the hot days."""
    exchange = dice.exchange()
    opened = datetime.combine(dice.instant().date(), time.min)
    return {
        "exchange": exchange,
        "strike": float(dice.random.choice(strike_grid(dice.spec, exchange))),
        "option_type": dice.random.choice(["CE", "PE"]),
        "start": opened,
        "end": opened + timedelta(days=1),
    }


def contract_days(days: int) -> Draw:
    """Any contract over the newest trading days."""

    def draw(dice: Dice) -> Parameters:
        listed = dice.spec.trading_days
        start = datetime.combine(listed[-min(days, len(listed))], time.min)
        return dict(contract(dice)) | {"start": start, "end": _end_of(listed[-1])}

    return draw


def last_minutes(minutes: int) -> Draw:
    """The newest minutes of any exchange."""

    def draw(dice: Dice) -> Parameters:
        end = dice.spec.last_instant
        start = end - timedelta(minutes=minutes) + timedelta(seconds=1)
        return {"exchange": dice.exchange(), "start": start, "end": end}

    return draw


def last_days(days: int, width: timedelta | None = None) -> Draw:
    """The newest trading days of any exchange, in buckets of `width` where one is given."""

    def draw(dice: Dice) -> Parameters:
        listed = dice.spec.trading_days
        first, last = listed[-min(days, len(listed))], listed[-1]
        drawn = {
            "exchange": dice.exchange(),
            "start": datetime.combine(first, time.min),
            "end": _end_of(last),
        }
        return drawn if width is None else drawn | {"width": width}

    return draw


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min) + timedelta(days=1)


def drawn(draw: Draw, spec: DatasetSpec, *, count: int, seed: int) -> list[Parameters]:
    """`count` sets of parameters; the same for equal arguments."""
    dice = Dice(spec, random.Random(seed))  # noqa: S311 - a sample, not a secret
    return [draw(dice) for _ in range(count)]
