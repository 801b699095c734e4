"""Rollup specs as the JSON documents the database keeps of them, and back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from db.timescale.specs import Aggregate, RollupIndex, RollupSpec
from db.timescale.sqltext import interval_text

_SECOND = timedelta(seconds=1)


def rollup_document(spec: RollupSpec) -> dict[str, Any]:
    """A rollup without its policies, as timescale_engine.create_rollup takes it."""
    return {
        "name": spec.name,
        "source": spec.source,
        "time_column": spec.time_column,
        "bucket": interval_text(spec.bucket),
        "group_by": list(spec.group_by),
        "aggregates": [
            {"name": aggregate.name, "expression": aggregate.expression}
            for aggregate in spec.aggregates
        ],
        "where": spec.where,
        "real_time": spec.real_time,
        "chunk_interval": interval_text(spec.chunk_interval) if spec.chunk_interval else None,
        "indexes": [list(index.columns) for index in spec.indexes],
    }


def rollup_from(document: Mapping[str, Any], seconds: Mapping[str, float | None]) -> RollupSpec:
    """The spec of a document; `seconds` holds its bucket and chunk_interval as counted."""
    chunk_interval_s = seconds["chunk_interval"]
    return RollupSpec(
        name=document["name"],
        source=document["source"],
        time_column=document["time_column"],
        bucket=(seconds["bucket"] or 0) * _SECOND,
        group_by=tuple(document["group_by"]),
        aggregates=tuple(Aggregate(**item) for item in document["aggregates"]),
        where=document["where"],
        real_time=document["real_time"],
        chunk_interval=None if chunk_interval_s is None else chunk_interval_s * _SECOND,
        indexes=tuple(RollupIndex(columns=tuple(columns)) for columns in document["indexes"]),
    )
