"""What every operation of the plugin has: a name, its arguments, and an exact reverse."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from alembic.operations import MigrateOperation


@dataclass(kw_only=True)
class TimescaleOp(MigrateOperation):
    """An operation whose fields are the arguments of `op.<OPERATION>(…)`.

    Fields named in POSITIONAL stand first, without their name.
    """

    OPERATION: ClassVar[str]
    POSITIONAL: ClassVar[tuple[str, ...]] = ("table",)

    def positional(self) -> tuple[Any, ...]:
        """The leading arguments."""
        return tuple(getattr(self, name) for name in self.POSITIONAL)

    def values(self) -> dict[str, Any]:
        """Every argument by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def keywords(self) -> Mapping[str, Any]:
        """The keyword arguments that differ from their default."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in self.POSITIONAL and getattr(self, field.name) != _default(field)
        }

    def differences(self) -> list[str]:
        """What is not as declared, for a person: a line each."""
        names = ", ".join(map(str, self.positional()))
        return [f"{self.OPERATION.replace('_', ' ')}: {names}" if names else self.OPERATION]

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Alembic's description of a difference, as `alembic check` prints it."""
        return (self.OPERATION, *self.positional(), dict(self.keywords()))


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
