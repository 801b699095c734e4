"""Chain history older than 30 days moves to an archive; a view reads both sides.

Revises: 0010_columnstore
"""

from datetime import timedelta

from alembic import op

revision = "0011_archive"
down_revision = "0010_columnstore"
branch_labels = None
depends_on = None

_ARCHIVE = "archive.option_chain_snapshots"
_POLICY = {
    "table": "option_chain_snapshots",
    "archive_after": timedelta(days=30),
    "archive_table": _ARCHIVE,
    "history_view": "option_chain_snapshots_history",
    "archive_chunk_interval": timedelta(days=30),
}
_COLUMNSTORE = {
    "segment_by": ["exchange"],
    "order_by": ["timestamp DESC", "strike", "option_type"],
}
# a chunk of the archive is complete when its newest row is 30 days old
_AFTER = timedelta(days=60)


def upgrade() -> None:
    op.add_archive_policy(**_POLICY)
    op.enable_columnstore(_ARCHIVE, **_COLUMNSTORE)
    op.add_columnstore_policy(_ARCHIVE, after=_AFTER)


def downgrade() -> None:
    op.remove_columnstore_policy(_ARCHIVE, after=_AFTER)
    op.disable_columnstore(_ARCHIVE, **_COLUMNSTORE)
    op.remove_archive_policy(**_POLICY)
