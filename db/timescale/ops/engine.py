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

    scripts: str | None = None
    existing: str | None = None

    @classmethod
    def install_engine(
        cls, operations: Operations, *, scripts: str | None = None, existing: str | None = None
    ) -> None:
        """Install the engine of this program.

        `scripts` tells which one the revision was written for, `existing` which one is there, if
        any; both are hashes of an engine's scripts.
        """
        operations.invoke(cls(scripts=scripts, existing=existing))

    def reverse(self) -> "DropEngineOp":
        """Out again where it was not there; a later version serves an earlier one's rollups."""
        return DropEngineOp(scripts=self.scripts, existing=self.existing)


@Operations.register_operation("watch_source")
@dataclass(kw_only=True)
class WatchSourceOp(TimescaleOp):
    """Puts back the triggers by which rollups of the engine follow their source."""

    OPERATION: ClassVar[str] = "watch_source"

    table: str
    fault: str | None = None

    @classmethod
    def watch_source(cls, operations: Operations, table: str, *, fault: str | None = None) -> None:
        """Watch `table` again, whose rollups are aggregated anew; `fault` says what was wrong."""
        operations.invoke(cls(table=table, fault=fault))

    def differences(self) -> list[str]:
        """What is wrong."""
        return [f"{self.table}: {self.fault} is missing or differs"]

    def reverse(self) -> "WatchSourceOp":
        """The same: nobody wants to be without."""
        return WatchSourceOp(table=self.table, fault=self.fault)


@Operations.register_operation("drop_engine")
@dataclass(kw_only=True)
class DropEngineOp(TimescaleOp):
    """Takes the schema timescale_engine out; refuses while rollups are registered in it."""

    OPERATION: ClassVar[str] = "drop_engine"
    POSITIONAL: ClassVar[tuple[str, ...]] = ()

    scripts: str | None = None
    existing: str | None = None

    @classmethod
    def drop_engine(
        cls, operations: Operations, *, scripts: str | None = None, existing: str | None = None
    ) -> None:
        """Remove the rollup engine; where one was `existing` it was only upgraded, and stays."""
        operations.invoke(cls(scripts=scripts, existing=existing))

    def reverse(self) -> InstallEngineOp:
        """The installation."""
        return InstallEngineOp(scripts=self.scripts, existing=self.existing)
