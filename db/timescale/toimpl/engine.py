"""Execution of the operations on the rollup engine itself."""

from alembic.operations import Operations

from db.timescale.catalog.engine import installed_scripts
from db.timescale.engine.install import install_script, remove_statement, scripts_hash
from db.timescale.execution import Executor
from db.timescale.ops.engine import DropEngineOp, InstallEngineOp, WatchSourceOp
from db.timescale.sqltext import compose, literal

_WRITTEN_KEY = "timescale_engine_written"


@Operations.implementation_for(InstallEngineOp)
def install_engine(operations: Operations, op: InstallEngineOp) -> None:
    """Run every script of the engine; each may be run again."""
    _install(Executor.of(operations))


@Operations.implementation_for(DropEngineOp)
def drop_engine(operations: Operations, op: DropEngineOp) -> None:
    """Drop the engine's schema, unless it was there before this revision."""
    if op.existing is None:
        Executor.of(operations).run(remove_statement())


@Operations.implementation_for(WatchSourceOp)
def watch_source(operations: Operations, op: WatchSourceOp) -> None:
    """Make the triggers anew where they are not as they should be."""
    Executor.of(operations).run(
        compose("SELECT timescale_engine.watch_again({table})", table=literal(op.table))
    )


def ensure_engine(executor: Executor) -> None:
    """Install the engine where it is missing or another one; this very one is left alone.

    What is left alone is not locked either, so that writers go on. A script has it once.
    """
    if executor.offline:
        if not executor.has_written(_WRITTEN_KEY):
            _install(executor)
    elif installed_scripts(executor.connection) != scripts_hash():
        _install(executor)


def ensure_engine_for(executor: Executor, feature: str) -> None:
    """The same where the engine has to stand in for a feature the server lacks, or to record it."""
    if executor.offline or not executor.server.has(feature):
        ensure_engine(executor)


def _install(executor: Executor) -> None:
    executor.run(install_script(), label="installing the rollup engine")
    executor.note_written(_WRITTEN_KEY)
