"""The migration text of the rollup engine operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.engine import DropEngineOp, InstallEngineOp, WatchSourceOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(DropEngineOp)
@renderers.dispatch_for(InstallEngineOp)
@renderers.dispatch_for(WatchSourceOp)
def render_engine(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
