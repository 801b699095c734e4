"""P&L by day: what was realised, what stood open, and by how much that rose overnight."""

from datetime import date

from app.desk.paper.days import BookDay, book_days
from db.queries.paper import PaperDay, PaperHeld

FRIDAY, MONDAY, TUESDAY = date(2026, 8, 7), date(2026, 8, 10), date(2026, 8, 11)


def held(day: date, units: int, position: int = 1) -> PaperHeld:
    return PaperHeld(position, "NSE", f"C{position}", date(2026, 8, 11), day, units)


def closing(prices: dict[tuple[str, date], float]) -> "object":
    return lambda each, day: prices.get((each.symbol, day))


def told(found: tuple[BookDay, ...]) -> list[tuple[date, int, float, float | None, float | None]]:
    return [(each.day, each.fills, each.realised, each.open, each.total) for each in found]


def test_a_day_earns_what_it_realised_and_what_its_open_positions_gained() -> None:
    # 100 bought at 10 on Friday; half of it sold at 13 on Tuesday
    dealt = [PaperDay(FRIDAY, 0.0, -1000.0, 1), PaperDay(TUESDAY, 150.0, 650.0, 1)]
    standing = [held(FRIDAY, 100), held(TUESDAY, 50)]
    prices = {("C1", FRIDAY): 9.0, ("C1", MONDAY): 12.0}
    found = book_days(dealt, standing, closing(prices), TUESDAY, 100.0, 60)  # type: ignore[arg-type]
    assert told(found) == [
        # 150 realised; the rest is worth 100 more than it cost, and all of it was worth 200 more
        (TUESDAY, 1, 150.0, 100.0, 50.0),
        # nobody dealt, and the position gained 3 a unit; the weekend is no day
        (MONDAY, 0, 0.0, 200.0, 300.0),
        (FRIDAY, 1, 0.0, -100.0, -100.0),
    ]
    assert sum(each.total or 0.0 for each in found) == 150.0 + 100.0


def test_of_an_unknown_close_two_days_are_unknown_and_no_more() -> None:
    dealt = [PaperDay(FRIDAY, 0.0, 1000.0, 2), PaperDay(TUESDAY, -30.0, -1030.0, 1)]
    standing = [held(FRIDAY, -100), held(TUESDAY, 0)]
    found = book_days(dealt, standing, closing({("C1", FRIDAY): 10.5}), TUESDAY, 0.0, 60)  # type: ignore[arg-type]
    assert told(found) == [
        (TUESDAY, 1, -30.0, 0.0, None),
        (MONDAY, 0, 0.0, None, None),
        (FRIDAY, 2, 0.0, -50.0, -50.0),
    ]


def test_the_newest_days_are_shown_and_count_on_from_the_one_before() -> None:
    dealt = [PaperDay(FRIDAY, 0.0, -1000.0, 1)]
    asked: list[date] = []

    def close(each: PaperHeld, day: date) -> float:
        asked.append(day)
        return {FRIDAY: 11.0, MONDAY: 12.0}[day]

    found = book_days(dealt, [held(FRIDAY, 100)], close, TUESDAY, 300.0, 1)
    assert told(found) == [(TUESDAY, 0, 0.0, 300.0, 100.0)]
    # no close is looked up that no shown day rests on
    assert set(asked) <= {MONDAY, TUESDAY}


def test_who_never_dealt_has_no_days() -> None:
    assert book_days([], [], closing({}), TUESDAY, 0.0, 60) == ()  # type: ignore[arg-type]
