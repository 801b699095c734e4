"""The exchange keys and the facts of their option chains: a table that an operator may extend."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from db.errors import InvalidInputError

_FILE = Path(__file__).parent / "facts" / "exchanges.toml"
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_RULE = re.compile(r"(nearest|monthly)(?:\+([1-9]))?")
_NO_USE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)
_SEGMENTS = ("NFO", "BFO")


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """Which of the listed expiries a chain is of: the `skipped`-th after the nearest one."""

    monthly: bool = False
    skipped: int = 0
    fixed: date | None = None

    def chosen(self, listed: Sequence[date], day: date) -> date | None:
        """The expiry to follow on a day, of those that are listed; None where there is none.

        A monthly one is the last that is listed in its month.
        """
        if self.fixed is not None:
            return self.fixed if self.fixed in listed and self.fixed >= day else None
        alive = sorted(each for each in set(listed) if each >= day)
        if self.monthly:
            by_month = {(each.year, each.month): each for each in alive}
            alive = sorted(by_month.values())
        return alive[self.skipped] if self.skipped < len(alive) else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One option chain that the product follows; `strike_step` is in points of the underlying.

    `index` is the underlying's own quote (EXCHANGE:SYMBOL), `index_token` None for a share, which
    the dump of instruments lists; `strikes` how many either side of the money are followed (None:
    all).
    """

    key: str
    label: str
    underlying_name: str
    underlying_symbol: str
    options_segment: str
    strike_step: float
    expiry_rule: ExpiryRule
    index: str
    index_token: int | None = None
    strikes: int | None = None

    @property
    def is_weekly(self) -> bool:
        """Whether any expiry counts, not only the last one of a month."""
        return not self.expiry_rule.monthly


class Exchanges(Mapping[str, Exchange]):
    """All keys by name, in their order; the tables are read when the first one is asked for."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._known: dict[str, Exchange] | None = None

    def adopt(self, path: Path | None) -> None:
        """Take in an operator's file too; raises InvalidInputError, naming it, if it is no use."""
        known = _read(path)
        self._path, self._known = path, known

    def __getitem__(self, key: str) -> Exchange:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Exchange]:
        if self._known is None:
            self._known = _read(self._path)
        return self._known


EXCHANGES = Exchanges()


def exchange_named(key: str) -> Exchange:
    """The exchange of that key; raises InvalidInputError that names the known ones."""
    try:
        return EXCHANGES[key]
    except KeyError:
        known = ", ".join(EXCHANGES)
        raise InvalidInputError(f"Unknown exchange {key!r}; known are {known}.") from None


def _read(path: Path | None) -> dict[str, Exchange]:
    built_in = _keyed(tomllib.loads(_FILE.read_text(encoding="utf-8")))
    if path is None:
        return built_in
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        known = (built_in if own.get("defaults", True) else {}) | _keyed(own)
    except _NO_USE as error:
        reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InvalidInputError(
            f"The exchanges file {path} cannot be used ({reason}); write it in the form of "
            "db/market/facts/exchanges.toml."
        ) from error
    if not known:
        raise InvalidInputError(f"The exchanges file {path} names no exchange key.")
    return known


def _keyed(table: Mapping[str, Any]) -> dict[str, Exchange]:
    return {row["key"]: _exchange(row) for row in table.get("exchange", ())}


def _exchange(row: Mapping[str, Any]) -> Exchange:
    key, segment, step = row["key"], row["segment"], float(row["strike_step"])
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key: capitals, digits and _, at most 32")
    if segment not in _SEGMENTS:
        raise ValueError(f"segment of {key} is {segment!r}, neither NFO nor BFO")
    if not 0 < step < float("inf"):
        raise ValueError(f"strike_step of {key} must be positive")
    texts = {name: row[name] for name in ("label", "name", "underlying", "index")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ValueError(f"{name} of {key} must be text")
    token = row.get("index_token")
    if token is not None and type(token) is not int:
        raise ValueError(f"index_token of {key} must be a whole number")
    strikes = row.get("strikes")
    if strikes is not None and not (isinstance(strikes, int) and strikes > 0):
        raise ValueError(f"strikes of {key} must be a whole number from 1")
    return Exchange(
        key=key,
        label=row["label"],
        underlying_name=row["name"],
        underlying_symbol=row["underlying"],
        options_segment=segment,
        strike_step=step,
        expiry_rule=_rule(key, row["expiry"]),
        index=row["index"],
        index_token=token,
        strikes=strikes,
    )


def _rule(key: str, value: object) -> ExpiryRule:
    if type(value) is date:
        return ExpiryRule(fixed=value)
    found = _RULE.fullmatch(str(value))
    if found is None:
        raise ValueError(f"expiry of {key} is {value!r}: nearest, monthly (+1 …) or a date")
    return ExpiryRule(monthly=found[1] == "monthly", skipped=int(found[2] or 0))
