"""Contracts by stretches of days with the same facts."""

from datetime import date

from sqlalchemy import Engine, text

from db.ingest.instruments import ListedContract, store_instruments

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (16, 17, 18))


def contract(symbol: str, token: int, lot_size: int = 65) -> ListedContract:
    expiry = date(2026, 11, 23)
    return ListedContract("NFO", symbol, token, "NIFTY", "CE", expiry, 26_000.0, lot_size, 0.05)


def store(engine: Engine, day: date, *contracts: ListedContract) -> None:
    with engine.begin() as connection:
        store_instruments(connection, day, contracts)


def kept(engine: Engine) -> list[tuple[object, ...]]:
    statement = text(
        "SELECT symbol, first_day, last_day, token, lot_size FROM instruments ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement)]


def test_the_same_facts_make_one_row_and_new_facts_another(engine: Engine) -> None:
    store(engine, MONDAY, contract("A", 1), contract("B", 2))
    store(engine, TUESDAY, contract("A", 1), contract("B", 2, lot_size=75))
    store(engine, WEDNESDAY, contract("A", 9), contract("B", 2, lot_size=75))
    assert kept(engine) == [
        ("A", MONDAY, TUESDAY, 1, 65),
        ("A", WEDNESDAY, WEDNESDAY, 9, 65),
        ("B", MONDAY, MONDAY, 2, 65),
        ("B", TUESDAY, WEDNESDAY, 2, 75),
    ]


def test_a_day_may_be_stored_again_and_a_symbol_given_twice_counts_once(engine: Engine) -> None:
    for _ in range(2):
        store(engine, MONDAY, contract("A", 1), contract("A", 1))
    assert kept(engine) == [("A", MONDAY, MONDAY, 1, 65)]
