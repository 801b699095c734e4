"""The migration text of the replacement of functions and triggers: their texts as they are."""

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers

from db.timescale.ops.sqlfiles import ReplaceSqlOp, Texts


@renderers.dispatch_for(ReplaceSqlOp)
def render_replacement(context: AutogenContext, op: ReplaceSqlOp) -> str:
    """The call that makes this very operation."""
    name = context.opts["alembic_module_prefix"] + op.OPERATION
    parts = [
        f"    {op.name!r},\n",
        f"    objects={_mapping(op.objects)},\n",
        f"    existing={_mapping(op.existing)},\n",
    ]
    return f"{name}(\n{''.join(parts)})"


def _mapping(texts: Texts) -> str:
    lines = "".join(f"        {what!r}: {_text(text)},\n" for what, text in texts.items())
    return f"{{\n{lines}    }}"


def _text(text: str | None) -> str:
    """Line by line, so that indentation around it changes nothing."""
    if text is None:
        return "None"
    lines = "\n".join(f"            {line!r}" for line in text.splitlines(keepends=True))
    return f"(\n{lines}\n        )"
