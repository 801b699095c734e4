"""The days from which the figures of the market mean something else than before."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "facts" / "eras.toml"


@dataclass(frozen=True, slots=True)
class Era:
    """What holds from `first` on; `says` what changed on that day."""

    first: date
    says: str


@cache
def eras() -> tuple[Era, ...]:
    """All of them, oldest first."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["era"]
    return tuple(sorted((Era(row["first"], row["says"]) for row in rows), key=lambda e: e.first))


def changes_within(first: date, last: date) -> tuple[Era, ...]:
    """The eras that begin after a day and up to another: data of that time are no one set."""
    return tuple(era for era in eras() if first < era.first <= last)
