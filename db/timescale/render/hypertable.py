"""The migration text of the hypertable operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.hypertable import (
    AddDimensionOp,
    CreateHypertableOp,
    DropDimensionOp,
    DropHypertableOp,
    SetChunkIntervalOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddDimensionOp)
@renderers.dispatch_for(CreateHypertableOp)
@renderers.dispatch_for(DropDimensionOp)
@renderers.dispatch_for(DropHypertableOp)
@renderers.dispatch_for(SetChunkIntervalOp)
def render_hypertable(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
