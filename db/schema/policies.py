"""How closed chunks are kept."""

from datetime import timedelta

from db.schema.base import metadata
from db.timescale.specs import ColumnstoreSpec, OrderBy, declare

declare(
    metadata,
    # segments by exchange keep "as of any instant" one batch away
    ColumnstoreSpec(
        relation="option_chain_snapshots",
        segment_by=("exchange",),
        order_by=(
            OrderBy(column="timestamp", descending=True),
            OrderBy(column="strike"),
            OrderBy(column="option_type"),
        ),
        after=timedelta(days=2),
    ),
)
