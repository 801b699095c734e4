"""The migration text of the rollup operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.rollup import AlterRollupOp, CreateRollupOp, DropRollupOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(AlterRollupOp)
@renderers.dispatch_for(CreateRollupOp)
@renderers.dispatch_for(DropRollupOp)
def render_rollup(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
