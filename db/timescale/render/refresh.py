"""The migration text of the refresh policy operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.refresh import AddRefreshPolicyOp, AlterRefreshPolicyOp, RemoveRefreshPolicyOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddRefreshPolicyOp)
@renderers.dispatch_for(AlterRefreshPolicyOp)
@renderers.dispatch_for(RemoveRefreshPolicyOp)
def render_refresh(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
