"""The migration text of the retention operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.retention import (
    AddRetentionPolicyOp,
    AlterRetentionPolicyOp,
    RemoveRetentionPolicyOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddRetentionPolicyOp)
@renderers.dispatch_for(AlterRetentionPolicyOp)
@renderers.dispatch_for(RemoveRetentionPolicyOp)
def render_retention(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
