"""What dealing costs, worked out by hand as a contract note does."""

from datetime import date

import pytest

from app.desk.paper.charges import charged
from db.market.charges import Turnover, charges
from db.queries.paper import PaperTurnover

NOW, BEFORE = date(2026, 11, 27), date(2026, 3, 31)


def test_each_charge_is_on_its_own_side_of_the_premium() -> None:
    # 75 units sold at 100 and 75 others bought at 50
    found = charges(NOW, "NFO", Turnover(orders=2, bought=3_750.0, sold=7_500.0))
    assert found is not None
    assert found.stt == pytest.approx(11.25)
    assert found.exchange == pytest.approx(3.997125)
    assert found.regulator == pytest.approx(0.01125)
    assert found.stamp == pytest.approx(0.1125)
    assert found.brokerage == 40.0
    assert found.gst == pytest.approx(7.9215075)
    assert found.total == pytest.approx(63.2923825)


@pytest.mark.parametrize(
    ("day", "segment", "sold", "exercised"),
    [(BEFORE, "NFO", 10.0, 12.5), (NOW, "NFO", 15.0, 15.0), (NOW, "BFO", 15.0, 15.0)],
)
def test_the_transaction_tax_follows_its_days(
    day: date, segment: str, sold: float, exercised: float
) -> None:
    of_sale = charges(day, segment, Turnover(0, 0.0, 10_000.0))
    of_exercise = charges(day, segment, Turnover(0, 0.0, 0.0, 10_000.0))
    assert of_sale is not None
    assert of_exercise is not None
    assert of_sale.stt == pytest.approx(sold)
    # neither the exchange nor the broker takes anything of an exercise
    assert of_exercise.total == pytest.approx(exercised)


def test_each_exchange_has_a_fee_of_its_own() -> None:
    fees = [charges(NOW, segment, Turnover(0, 1e5, 0.0)) for segment in ("NFO", "BFO")]
    assert [None if each is None else round(each.exchange, 4) for each in fees] == [35.53, 32.5]


def test_rates_that_nobody_here_knows_are_unknown() -> None:
    dealt = Turnover(1, 100.0, 0.0)
    assert charges(date(2024, 9, 30), "NFO", dealt) is None
    assert charges(NOW, "MCX", dealt) is None


def test_of_a_day_all_exchanges_count_and_one_unknown_leaves_it_unknown() -> None:
    both = [PaperTurnover(NOW, key, 1, 1e5, 0.0, 0.0) for key in ("NSE", "BSE")]
    assert charged(both)[NOW] == pytest.approx(
        35.53 + 32.5 + 2 * (0.1 + 3.0 + 20.0) + 0.18 * (40.0 + 35.53 + 32.5 + 0.2)
    )
    gone = PaperTurnover(NOW, "A key of before", 1, 1.0, 0.0, 0.0)
    for order in ([*both, gone], [gone, *both]):
        assert charged(order) == {NOW: None}
