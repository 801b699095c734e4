"""Parameters drawn from a seed: live edge, random instants, random contracts, random ranges."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from benchmarks.dataset.spec import DatasetSpec, hours
from db.market.exchanges import EXCHANGES

Parameters = Mapping[str, Any]
Draw = Callable[["Dice"], Parameters]

# what is not archived are 29 days, less some for their border
_HOT = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Dice:
    """A seeded source of choices within one history; all times are naive IST."""

    spec: DatasetSpec
    random: random.Random

    def exchange(self) -> str:
        """Any exchange key."""
        return self.random.choice(list(EXCHANGES))

    def instant(self) -> datetime:
        """Any moment of a session in the last four weeks, rarely on a snapshot."""
        listed = self.spec.trading_days
        opens, closes = hours(self.random.choice([d for d in listed if listed[-1] - d < _HOT]))
        session_s = int((closes - opens).total_seconds())
        return opens + timedelta(seconds=self.random.randrange(60, session_s))

    def contract(self, day: date) -> Parameters:
        """Any contract of a trading day's chains."""
        exchange = self.exchange()
        return {
            "exchange": exchange,
            "strike": float(self.random.choice(self.spec.listed_on(exchange, day).strike)),
            "option_type": self.random.choice(["CE", "PE"]),
        }


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
    day = dice.instant().date()
    return {**dice.contract(day), "start": datetime.combine(day, time.min), "end": _end_of(day)}


def contract_days(days: int) -> Draw:
    """Any contract of the last day over the newest trading days."""

    def draw(dice: Dice) -> Parameters:
        listed = dice.spec.trading_days
        start = datetime.combine(listed[-min(days, len(listed))], time.min)
        return {**dice.contract(listed[-1]), "start": start, "end": _end_of(listed[-1])}

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
