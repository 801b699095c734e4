"""The migration text of the index operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.index import (
    CreateChunkIndexOp,
    DropChunkIndexOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(CreateChunkIndexOp)
@renderers.dispatch_for(DropChunkIndexOp)
def render_index(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
