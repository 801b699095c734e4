"""Rollups: what is asked over hours and days, aggregated once.

OI and volume are the last of the bucket; prices are open, high, low and close.
"""

from collections.abc import Iterator
from datetime import timedelta

from db.schema.base import metadata
from db.timescale.specs import Aggregate, RefreshPolicy, RollupIndex, RollupSpec, declare

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def _last(*columns: str, time: str) -> Iterator[Aggregate]:
    return (Aggregate(name=c, expression=f'last({c}, "{time}")') for c in columns)


def _first_ohlc(column: str, prefix: str) -> Iterator[Aggregate]:
    """Open, high, low and close of a value sampled at `timestamp`."""
    yield Aggregate(name=f"{prefix}_open", expression=f'first({column}, "timestamp")')
    yield Aggregate(name=f"{prefix}_high", expression=f"max({column})")
    yield Aggregate(name=f"{prefix}_low", expression=f"min({column})")
    yield Aggregate(name=f"{prefix}_close", expression=f'last({column}, "timestamp")')


def _ohlc_of_ohlc(prefix: str) -> Iterator[Aggregate]:
    """Open, high, low and close of shorter buckets' own."""
    yield Aggregate(name=f"{prefix}_open", expression=f"first({prefix}_open, bucket)")
    yield Aggregate(name=f"{prefix}_high", expression=f"max({prefix}_high)")
    yield Aggregate(name=f"{prefix}_low", expression=f"min({prefix}_low)")
    yield Aggregate(name=f"{prefix}_close", expression=f"last({prefix}_close, bucket)")


_TOTALS = ("oi_ce", "oi_pe", "volume_ce", "volume_pe")

oi_1m = RollupSpec(
    name="oi_1m",
    source="snapshots",
    time_column="timestamp",
    bucket=_MINUTE,
    group_by=("exchange",),
    aggregates=(
        *_last(*_TOTALS, time="timestamp"),
        *_first_ohlc("underlying_price", "underlying"),
        Aggregate(name="future_close", expression='last(future_price, "timestamp")'),
        Aggregate(name="snapshots", expression="count(*)"),
    ),
    chunk_interval=timedelta(days=30),
    indexes=(RollupIndex(columns=("exchange", "bucket DESC")),),
    refresh=RefreshPolicy(
        start_offset=timedelta(days=3), end_offset=_MINUTE, schedule_interval=_MINUTE
    ),
)


def _longer(name: str, source: str, bucket: timedelta, refresh: RefreshPolicy) -> RollupSpec:
    return RollupSpec(
        name=name,
        source=source,
        time_column="bucket",
        bucket=bucket,
        group_by=("exchange",),
        aggregates=(
            *_last(*_TOTALS, time="bucket"),
            *_ohlc_of_ohlc("underlying"),
            Aggregate(name="future_close", expression="last(future_close, bucket)"),
            Aggregate(name="snapshots", expression="sum(snapshots)::bigint"),
        ),
        chunk_interval=timedelta(days=90) if bucket < _DAY else timedelta(days=3650),
        indexes=(RollupIndex(columns=("exchange", "bucket DESC")),),
        refresh=refresh,
    )


oi_5m = _longer(
    "oi_5m",
    "oi_1m",
    timedelta(minutes=5),
    RefreshPolicy(
        start_offset=timedelta(days=3),
        end_offset=timedelta(minutes=5),
        schedule_interval=timedelta(minutes=5),
    ),
)
oi_1d = _longer(
    "oi_1d",
    "oi_5m",
    _DAY,
    RefreshPolicy(
        start_offset=timedelta(days=7), end_offset=_DAY, schedule_interval=timedelta(hours=1)
    ),
)

_CONTRACT = ("exchange", "strike", "option_type")

contract_5m = RollupSpec(
    name="contract_5m",
    source="option_chain_snapshots",
    time_column="timestamp",
    bucket=timedelta(minutes=5),
    group_by=_CONTRACT,
    aggregates=(
        *_first_ohlc("oi", "oi"),
        *_first_ohlc("ltp", "ltp"),
        *_last("volume", time="timestamp"),
    ),
    chunk_interval=timedelta(days=7),
    indexes=(RollupIndex(columns=(*_CONTRACT, "bucket DESC")),),
    refresh=RefreshPolicy(
        start_offset=timedelta(days=3),
        end_offset=timedelta(minutes=5),
        schedule_interval=timedelta(minutes=5),
    ),
)
contract_1d = RollupSpec(
    name="contract_1d",
    source="contract_5m",
    time_column="bucket",
    bucket=_DAY,
    group_by=_CONTRACT,
    aggregates=(
        *_ohlc_of_ohlc("oi"),
        *_ohlc_of_ohlc("ltp"),
        *_last("volume", time="bucket"),
    ),
    chunk_interval=timedelta(days=90),
    indexes=(RollupIndex(columns=(*_CONTRACT, "bucket DESC")),),
    refresh=RefreshPolicy(
        start_offset=timedelta(days=7), end_offset=_DAY, schedule_interval=timedelta(hours=1)
    ),
)

declare(metadata, oi_1m, oi_5m, oi_1d, contract_5m, contract_1d)
