"""The migration text of the archive policy operations."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.archive import (
    AddArchivePolicyOp,
    AlterArchivePolicyOp,
    MendArchiveOp,
    RemoveArchivePolicyOp,
)
from db.timescale.ops.base import TimescaleOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(AddArchivePolicyOp)
@renderers.dispatch_for(AlterArchivePolicyOp)
@renderers.dispatch_for(MendArchiveOp)
@renderers.dispatch_for(RemoveArchivePolicyOp)
def render_archive(context: AutogenContext, op: TimescaleOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
