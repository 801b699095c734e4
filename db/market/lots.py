"""How many units a lot of an index's contracts is: a fact of a contract and its expiry."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "facts" / "lots.toml"


def lot_size(underlying_symbol: str, expiry: date) -> int | None:
    """Units in one lot of the contracts that expire on that day; None where nobody here knows."""
    known = None
    for first, units in _lots().get(underlying_symbol, ()):
        if first <= expiry:
            known = units
    return known


@cache
def _lots() -> dict[str, list[tuple[date, int]]]:
    """By underlying: (first expiry, units), ascending."""
    found: dict[str, list[tuple[date, int]]] = {}
    for row in tomllib.loads(_FILE.read_text(encoding="utf-8"))["lots"]:
        found.setdefault(row["underlying"], []).append((row["expiring_from"], row["units"]))
    return {underlying: sorted(rows) for underlying, rows in found.items()}
