"""The migration text of pausing and resuming policies."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.pausing import PausePolicyOp, ResumePolicyOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(PausePolicyOp)
@renderers.dispatch_for(ResumePolicyOp)
def render_pausing(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
