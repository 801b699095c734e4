"""What no declaration may say, of whatever kind it is."""

from collections.abc import Sequence
from datetime import timedelta

from db.timescale.errors import SpecError


def check_ages(relation: str, **ages: timedelta | None) -> None:
    """Raises SpecError for an age that is nothing or less; None stands for none."""
    for name, age in ages.items():
        if age is not None and age <= timedelta(0):
            raise SpecError(f"{relation}: {name} must be longer than nothing, not {age}.")


def check_columns(relation: str, names: Sequence[str]) -> None:
    """Raises SpecError where two columns share a name."""
    if len(set(names)) != len(names):
        raise SpecError(f"{relation}: two output columns share a name among {', '.join(names)}.")
