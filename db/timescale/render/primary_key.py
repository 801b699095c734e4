"""The migration text of setting a primary key."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.primary_key import SetPrimaryKeyOp
from db.timescale.render.call import render_call


@renderers.dispatch_for(SetPrimaryKeyOp)
def render_primary_key(context: AutogenContext, op: SetPrimaryKeyOp) -> str:
    """The call that makes this very operation."""
    return render_call(context, op)
