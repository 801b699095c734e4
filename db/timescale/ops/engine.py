"""Installing the rollup engine, and taking it out again."""

from dataclasses import dataclass
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp


@Operations.register_operation("install_engine")
@dataclass(kw_only=True)
class InstallEngineOp(TimescaleOp):
    """Puts the schema timescale_engine into the database, or brings it to this version."""

    OPERATION: ClassVar[str] = "install_engine"
    POSITIONAL: ClassVar[tuple[str, ...]] = ()

    upgrade_from: int | None = None

    @classmethod
    def install_engine(cls, operations: Operations, *, upgrade_from: int | None = None) -> None:
        """Install the rollup engine; `upgrade_from` is the version that is there, if any."""
        operations.invoke(cls(upgrade_from=upgrade_from))

    def reverse(self) -> "DropEngineOp":
        """Out again where it was not there; a later version serves an earlier one's rollups."""
        return DropEngineOp(keep_version=self.upgrade_from)


@Operations.register_operation("drop_engine")
@dataclass(kw_only=True)
class DropEngineOp(TimescaleOp):
    """Takes the schema timescale_engine out; refuses while rollups are registered in it."""

    OPERATION: ClassVar[str] = "drop_engine"
    POSITIONAL: ClassVar[tuple[str, ...]] = ()

    keep_version: int | None = None

    @classmethod
    def drop_engine(cls, operations: Operations, *, keep_version: int | None = None) -> None:
        """Remove the rollup engine; with `keep_version` it was only upgraded, and stays."""
        operations.invoke(cls(keep_version=keep_version))

    def reverse(self) -> InstallEngineOp:
        """The installation."""
        return InstallEngineOp(upgrade_from=self.keep_version)
