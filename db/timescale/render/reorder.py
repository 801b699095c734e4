"""The migration text of the reorder policy operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.reorder import (
    AddReorderPolicyOp,
    AlterReorderPolicyOp,
    RemoveReorderPolicyOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddReorderPolicyOp)
@renderers.dispatch_for(AlterReorderPolicyOp)
@renderers.dispatch_for(RemoveReorderPolicyOp)
def render_reorder(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
