"""The settings as documentation lists them."""

from dataclasses import Field, fields
from typing import Any, NamedTuple

from db.settings import Settings, variable


class Described(NamedTuple):
    """A setting as documentation lists it."""

    name: str
    legacy: str | None
    default: str
    sentence: str


def described() -> list[Described]:
    """Every setting, in the order in which they are declared."""
    return [
        Described(variable(spec), spec.metadata["legacy"], _text(spec), spec.metadata["sentence"])
        for spec in fields(Settings)
    ]


def _text(spec: "Field[Any]") -> str:
    if isinstance(spec.default, tuple):
        return ",".join(spec.default)
    return "" if spec.default is None else str(spec.default)
