"""How closed chunks are kept, and for how long."""

from datetime import timedelta

from db.schema.base import metadata
from db.timescale.specs import (
    ArchivePolicy,
    ColumnstoreSpec,
    OrderBy,
    RetentionPolicy,
    declare,
)

_ARCHIVE = "archive.option_chain_snapshots"


def _chain_columnstore(relation: str, after: timedelta) -> ColumnstoreSpec:
    """Segments by exchange keep "as of any instant" one batch away."""
    return ColumnstoreSpec(
        relation=relation,
        segment_by=("exchange",),
        order_by=(
            OrderBy(column="timestamp", descending=True),
            OrderBy(column="strike"),
            OrderBy(column="option_type"),
        ),
        after=after,
    )


declare(
    metadata,
    _chain_columnstore("option_chain_snapshots", timedelta(days=2)),
    ArchivePolicy(
        table="option_chain_snapshots",
        # the old program deletes what is older than 30 days: a day is archived before any of it is
        archive_after=timedelta(days=29),
        schedule_interval=timedelta(hours=1),
        archive_table=_ARCHIVE,
        history_view="option_chain_snapshots_history",
        archive_chunk_interval=timedelta(days=30),
    ),
    # a chunk of the archive is complete when its newest row is 30 days old
    _chain_columnstore(_ARCHIVE, timedelta(days=60)),
    # the days of contracts, and all of raw history, stay for good
    RetentionPolicy(relation="contract_5m", drop_after=timedelta(days=730)),
)
