"""The migration text of the columnstore policy operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.columnstore_policy import (
    AddColumnstorePolicyOp,
    AlterColumnstorePolicyOp,
    RemoveColumnstorePolicyOp,
)
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddColumnstorePolicyOp)
@renderers.dispatch_for(AlterColumnstorePolicyOp)
@renderers.dispatch_for(RemoveColumnstorePolicyOp)
def render_columnstore_policy(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
