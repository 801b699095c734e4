"""Execution of the operations on the rollup engine itself."""

from alembic.operations import Operations

from db.timescale.engine.install import install_statements, remove_statement
from db.timescale.execution import Executor
from db.timescale.ops.engine import DropEngineOp, InstallEngineOp


@Operations.implementation_for(InstallEngineOp)
def install_engine(operations: Operations, op: InstallEngineOp) -> None:
    """Run every script of the engine; each may be run again."""
    Executor.of(operations).run_all(install_statements(), label="installing the rollup engine")


@Operations.implementation_for(DropEngineOp)
def drop_engine(operations: Operations, op: DropEngineOp) -> None:
    """Drop the engine's schema, unless it was there before this revision."""
    if op.keep_version is None:
        Executor.of(operations).run(remove_statement())
