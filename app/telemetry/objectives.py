"""What each operation is to keep within: built-in objectives, and an operator's file of them."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from app.telemetry.tallies import Key
from app.telemetry.timing import Kind
from db.errors import SettingsError

_ANY = "*"
_FILE = "OI_OBJECTIVES_FILE"
_ALL_KINDS: tuple[str, ...] = get_args(Kind)
_LONGEST_MS = 86_400_000.0
_UNBOUNDED_S = float("inf")


@dataclass(frozen=True)
class Objective:
    """At least a `share` of the operations of a kind and name is to end well `within_ms`.

    A name that ends with * stands for all that begin so.
    """

    id: str
    label: str
    kind: Kind
    name: str
    within_ms: float
    share: float

    @property
    def is_of_many(self) -> bool:
        """Whether it is about all names that begin alike."""
        return self.name.endswith(_ANY)

    def covers(self, key: Key) -> bool:
        """Whether it is about these operations."""
        kind, name = key
        if kind != self.kind:
            return False
        return name.startswith(self.name[:-1]) if self.is_of_many else name == self.name

    @property
    def budget(self) -> float:
        """The share of operations that may go wrong."""
        return 1.0 - self.share


@dataclass(frozen=True)
class Objectives:
    """All that are watched, in the order in which they are shown."""

    all: tuple[Objective, ...]

    @cached_property
    def _closest_first(self) -> tuple[Objective, ...]:
        return tuple(sorted(self.all, key=lambda each: (each.is_of_many, -len(each.name))))

    def of(self, key: Key) -> Objective | None:
        """The one that operations count towards: of several the one that names them closest."""
        return next((each for each in self._closest_first if each.covers(key)), None)

    def within_s(self, key: Key) -> float:
        """What is good for these operations; without an objective everything that succeeds."""
        found = self.of(key)
        return _UNBOUNDED_S if found is None else found.within_ms / 1000

    def by_id(self, name: str) -> Objective | None:
        """The one of that name."""
        return next((each for each in self.all if each.id == name), None)


def objectives(file: Path | None = None) -> Objectives:
    """The built-in objectives, changed by a file's; raises SettingsError naming what is wrong."""
    tables = tomllib.loads(files(__package__).joinpath("objectives.toml").read_text("utf-8"))
    if file is not None:
        for name, changes in _read(file).items():
            tables[name] = {**tables.get(name, {}), **changes}
    kept = ((name, table) for name, table in tables.items() if table.pop("enabled", True))
    return Objectives(tuple(_objective(name, table) for name, table in kept))


def _read(file: Path) -> Mapping[str, dict[str, Any]]:
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{_FILE} {file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"{_FILE} {file} is no TOML: {error}.") from None
    for name, table in found.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{_FILE}: {name} must be a table of an objective.")
        _demand(isinstance(table.get("enabled", True), bool), name, "enabled must be true or false")
    return found


def _objective(name: str, table: Mapping[str, Any]) -> Objective:
    known = {each.name for each in fields(Objective)} - {"id"}
    for key in table:
        _demand(key in known, name, f"{key} is not known")
    for key in sorted(known):
        _demand(key in table, name, f"{key} is missing")
    for key in ("label", "name"):
        _demand(isinstance(table[key], str) and bool(table[key]), name, f"{key} must be text")
    _demand(table["kind"] in _ALL_KINDS, name, f"kind must be one of {_listed(_ALL_KINDS)}")
    within_ms, share = table["within_ms"], table["share"]
    _demand(
        _is_number(within_ms) and 0 < within_ms <= _LONGEST_MS,
        name,
        f"within_ms must be a number above 0 and up to {_LONGEST_MS:g}",
    )
    # of none that may go wrong no share is ever used up
    _demand(_is_number(share) and 0 < share < 1, name, "share must be a number between 0 and 1")
    return Objective(name, table["label"], table["kind"], table["name"], within_ms, share)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _demand(holds: bool, name: str, sentence: str) -> None:
    if not holds:
        raise SettingsError(f"{_FILE}: {sentence} of [{name}].")
