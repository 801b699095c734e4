"""Comparing answers."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from benchmarks.workloads.equality import first_difference, projected
from db.market.clock import IST


@dataclass(frozen=True)
class Row:
    bucket: datetime
    oi: int
    pcr: float | None


def test_rows_with_attributes_and_mappings_compare_by_the_columns_asked_for():
    at = datetime(2026, 8, 28, 10, 0)
    typed = [Row(at.replace(tzinfo=IST), 5, 1.25)]
    plain = [{"pcr": Decimal("1.25"), "bucket": at, "oi": Decimal(5), "else": 1}]
    columns = ("bucket", "oi", "pcr")
    assert first_difference(projected(plain, columns), projected(typed, columns)) is None


def test_a_day_equals_its_midnight():
    at = [(datetime(2026, 8, 28),)]
    assert projected([{"day": date(2026, 8, 28)}], ("day",)) == at


def test_the_last_digit_of_a_sum_does_not_matter():
    assert first_difference([(0.1 + 0.2,)], [(0.3,)]) is None


def test_a_missing_row_is_a_difference():
    assert first_difference([(1,), (2,)], [(1,)]) == "2 rows before, 1 after"


def test_another_value_is_a_difference_that_is_named():
    assert first_difference([(1, 2.0)], [(1, 2.1)]) == "row 0: (1, 2.0) before, (1, 2.1) after"


def test_unknown_is_not_zero():
    assert first_difference([(None,)], [(0,)]) is not None


def test_rows_in_another_order_are_a_difference():
    assert first_difference([(1,), (2,)], [(2,), (1,)]) is not None
