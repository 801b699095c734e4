"""The values conversions are made of, without a database."""

from datetime import time, timedelta

import pytest

from db.convert.blueprint import index_tail, key_columns
from db.convert.errors import BlockedError
from db.convert.model import Blueprint, TargetIndex, Throttle
from db.convert.request import as_json, from_json
from db.convert.windows import compared_ranges
from db.timescale.converter import Conversion
from db.timescale.specs import HypertableSpec, SpaceDimension, UniqueKey
from tests.convert import legacy


def test_compared_ranges_cover_all_of_time_without_overlap() -> None:
    ranges = compared_ranges([("a", "b"), ("c", "d"), ("e", "f")])

    assert ranges == [
        ("a", "b", "-infinity", "c"),
        ("c", "d", "c", "e"),
        ("e", "f", "e", "infinity"),
    ]


def test_without_windows_one_range_covers_all_of_time() -> None:
    assert [range_[2:] for range_ in compared_ranges([])] == [("-infinity", "infinity")]


@pytest.mark.parametrize(
    ("hours", "moment", "is_open"),
    [
        (None, time(12), True),
        ((time(9), time(16)), time(12), True),
        ((time(9), time(16)), time(16), False),
        ((time(16), time(9)), time(23), True),
        ((time(16), time(9)), time(8, 59), True),
        ((time(16), time(9)), time(12), False),
    ],
)
def test_hours_may_pass_midnight(
    hours: tuple[time, time] | None, moment: time, is_open: bool
) -> None:
    assert Throttle(hours=hours).is_open(moment) is is_open


def test_throttle_survives_being_written_down() -> None:
    throttle = Throttle(rows_per_s=5, hours=(time(16), time(9)), max_lag_s=1.5, nice=2.0)

    assert Throttle.from_json(throttle.as_json()) == throttle


def test_a_throttle_written_down_before_there_were_rests_has_the_usual_ones() -> None:
    assert Throttle.from_json({"rows_per_s": 5}) == Throttle(rows_per_s=5)


def test_request_survives_being_written_down() -> None:
    asked = legacy.conversion()

    assert from_json(as_json(asked)) == asked


def test_request_with_space_dimensions_survives_being_written_down() -> None:
    asked = Conversion(
        spec=HypertableSpec(
            table="t",
            time_column="at",
            chunk_interval=timedelta(hours=1),
            space=(SpaceDimension(column="device", partitions=4),),
        ),
        unique_keys=(UniqueKey(name="t_pkey", columns=("at", "device"), primary=True),),
    )

    assert from_json(as_json(asked)) == asked


def test_blueprint_survives_being_written_down() -> None:
    drawn = Blueprint(
        time_column="at",
        time_type="date",
        identity=("at", "device"),
        is_identity_unique=False,
        preference=("id",),
        indexes=(TargetIndex(name="i", tail="(at)", is_unique=False),),
        space=(("device", 4),),
    )

    assert Blueprint.from_json(drawn.as_json()) == drawn


def test_key_columns_lose_order_and_quotes() -> None:
    key = UniqueKey(name="k", columns=('"timestamp" DESC', "exchange", "strike ASC NULLS LAST"))

    assert key_columns(key) == ("timestamp", "exchange", "strike")


@pytest.mark.parametrize(
    ("definition", "tail"),
    [
        ("CREATE INDEX i ON public.t USING btree (a)", "USING btree (a)"),
        ('CREATE UNIQUE INDEX "i ON x" ON "s s"."t t" (a DESC)', "(a DESC)"),
        ("CREATE INDEX i ON ONLY t USING brin (a) WHERE (a > 0)", "USING brin (a) WHERE (a > 0)"),
    ],
)
def test_what_follows_the_table_in_an_index_definition(definition: str, tail: str) -> None:
    assert index_tail(definition) == tail


def test_what_is_no_index_definition_is_refused() -> None:
    with pytest.raises(BlockedError, match="no index definition"):
        index_tail("DROP TABLE t")
