"""Replacing functions, triggers and sequences by their texts, and back again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp

Texts = dict[str, str | None]


@Operations.register_operation("replace_sql")
@dataclass(kw_only=True)
class ReplaceSqlOp(TimescaleOp):
    """Makes, replaces or drops database objects that are told by their definition.

    Objects are named as DROP takes them ("trigger t ON public.readings"); the text None: not there.
    """

    OPERATION: ClassVar[str] = "replace_sql"
    POSITIONAL: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    objects: Texts = field(default_factory=dict)
    existing: Texts = field(default_factory=dict)

    @classmethod
    def replace_sql(
        cls,
        operations: Operations,
        name: str,
        *,
        objects: Mapping[str, str | None],
        existing: Mapping[str, str | None],
    ) -> None:
        """Bring each object to its text in `objects`; `existing` is what downgrading restores."""
        operations.invoke(cls(name=name, objects=dict(objects), existing=dict(existing)))

    def reverse(self) -> "ReplaceSqlOp":
        """The same backwards."""
        return ReplaceSqlOp(name=self.name, objects=self.existing, existing=self.objects)

    def differences(self) -> list[str]:
        """A line for each object."""
        return [f"{what} {how}" for what, how in self._judged()]

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Each object and what is the matter with it; the texts are long."""
        return (self.OPERATION, self.name, dict(self._judged()))

    def _judged(self) -> Iterator[tuple[str, str]]:
        for what, wanted in self.objects.items():
            if self.existing.get(what) is None:
                yield what, "is missing"
            else:
                yield what, "is not declared" if wanted is None else "differs"
