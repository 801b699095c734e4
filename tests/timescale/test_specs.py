"""Declarations that contradict themselves or each other are refused when they are made."""

from datetime import timedelta

import pytest
from sqlalchemy import MetaData

from db.timescale.errors import SpecError
from db.timescale.ops.hypertable import CreateHypertableOp
from db.timescale.specs import (
    Aggregate,
    ArchivePolicy,
    HypertableSpec,
    RefreshPolicy,
    RetentionPolicy,
    RollupSpec,
    Spec,
    UniqueKey,
    declare,
)

DAY = timedelta(days=1)


def rollup(start_offset: timedelta | None, name: str = "daily", source: str = "t") -> RollupSpec:
    return RollupSpec(
        name=name,
        source=source,
        time_column="at",
        bucket=DAY,
        group_by=(),
        aggregates=(Aggregate(name="n", expression="count(*)"),),
        refresh=RefreshPolicy(start_offset=start_offset, end_offset=DAY, schedule_interval=DAY),
        retention=40 * DAY,
    )


def archive(after: timedelta) -> ArchivePolicy:
    return ArchivePolicy(
        table="t",
        archive_after=after,
        archive_table="archive.t",
        history_view="t_history",
        archive_chunk_interval=30 * DAY,
    )


@pytest.mark.parametrize(
    ("start_offset", "limit"),
    [
        (None, RetentionPolicy(relation="t", drop_after=30 * DAY)),
        (30 * DAY, RetentionPolicy(relation="t", drop_after=30 * DAY)),
        (31 * DAY, archive(30 * DAY)),
    ],
)
@pytest.mark.parametrize("limit_first", [True, False])
def test_a_refresh_behind_retention_is_refused_in_either_order(
    start_offset: timedelta | None, limit: Spec, limit_first: bool
) -> None:
    specs = [rollup(start_offset), limit]
    with pytest.raises(SpecError, match="daily is refreshed from"):
        declare(MetaData(), *(reversed(specs) if limit_first else specs))


def test_a_rollups_own_retention_limits_those_above_it() -> None:
    with pytest.raises(SpecError, match="monthly is refreshed from"):
        declare(MetaData(), rollup(DAY), rollup(50 * DAY, name="monthly", source="daily"))


def test_a_refresh_that_starts_later_is_accepted() -> None:
    declare(MetaData(), rollup(29 * DAY), RetentionPolicy(relation="t", drop_after=30 * DAY))


def test_a_spec_is_declared_once() -> None:
    spec = HypertableSpec(table="t", time_column="at", chunk_interval=DAY)
    with pytest.raises(SpecError, match="declared twice"):
        declare(MetaData(), spec, spec)


def test_public_needs_no_saying() -> None:
    """Two names of one relation are one: what is archived is not dropped before."""
    declare(metadata := MetaData(), archive(30 * DAY))
    with pytest.raises(SpecError, match=r"public\.t is archived"):
        declare(metadata, RetentionPolicy(relation="public.t", drop_after=5 * DAY))
    with pytest.raises(SpecError, match="declared twice"):
        declare(
            MetaData(),
            HypertableSpec(table="t", time_column="at", chunk_interval=DAY),
            HypertableSpec(table="public.t", time_column="at", chunk_interval=DAY),
        )


def test_how_long_rows_stay_is_told_once() -> None:
    """The one that is declared last would win, without a word."""
    declare(metadata := MetaData(), rollup(DAY))
    with pytest.raises(SpecError, match="told twice how long to keep its rows"):
        declare(metadata, RetentionPolicy(relation="public.daily", drop_after=5 * DAY))


@pytest.mark.parametrize("age", [timedelta(0), -DAY])
def test_what_is_kept_is_kept_for_some_time(age: timedelta) -> None:
    with pytest.raises(SpecError, match="drop_after must be longer than nothing"):
        RetentionPolicy(relation="t", drop_after=age)
    with pytest.raises(SpecError, match="archive_after must be longer than nothing"):
        archive(age)


def test_a_chunk_covers_some_time() -> None:
    with pytest.raises(SpecError, match="longer than nothing"):
        HypertableSpec(table="t", time_column="at", chunk_interval=timedelta(0))


def test_a_unique_key_without_the_time_column_is_refused_when_written() -> None:
    with pytest.raises(SpecError, match="must contain at"):
        CreateHypertableOp(
            table="t",
            time_column="at",
            chunk_interval=DAY,
            unique_keys=(UniqueKey(name="t_key", columns=("id",)),),
        )
