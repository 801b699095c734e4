"""The migration text of the columnstore operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.columnstore import (
    AlterColumnstoreOp,
    ConvertToColumnstoreOp,
    ConvertToRowstoreOp,
    DisableColumnstoreOp,
    EnableColumnstoreOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(AlterColumnstoreOp)
@renderers.dispatch_for(ConvertToColumnstoreOp)
@renderers.dispatch_for(ConvertToRowstoreOp)
@renderers.dispatch_for(DisableColumnstoreOp)
@renderers.dispatch_for(EnableColumnstoreOp)
def render_columnstore(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
