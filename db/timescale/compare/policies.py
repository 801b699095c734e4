"""The one way two sets of policies are compared: those gone, changed, and new."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from alembic.operations.ops import MigrateOperation

from db.timescale.sqltext import Relation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Changes:
    """Operations that belong in front of a migration and at its end."""

    removals: tuple[MigrateOperation, ...]
    additions: tuple[MigrateOperation, ...]


@dataclass(frozen=True)
class PolicyOps(Generic[T]):
    """How operations are made from a relation's name and values."""

    add: Callable[[str, T], MigrateOperation]
    alter: Callable[[str, T, T], MigrateOperation]
    remove: Callable[[str, T], MigrateOperation]


def diff(
    wanted: Mapping[Relation, T],
    found: Mapping[Relation, T],
    ops: PolicyOps[T],
    name: Callable[[Relation], str],
) -> Changes:
    """What turns the policies found into those wanted; `name` names a relation in the migration."""
    return Changes(
        removals=tuple(
            ops.remove(name(key), value) for key, value in found.items() if key not in wanted
        ),
        additions=(
            *(
                ops.alter(name(key), value, found[key])
                for key, value in wanted.items()
                if key in found and found[key] != value
            ),
            *(ops.add(name(key), value) for key, value in wanted.items() if key not in found),
        ),
    )
