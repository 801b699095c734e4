"""The daily dump of instruments, and which chains are followed of it."""

from datetime import date, datetime

import pytest

from app.kite.instruments import Dump, Instrument, accepted, parsed
from app.kite.listing import listed
from db.errors import InvalidInputError
from db.market.clock import IST
from db.market.exchanges import EXCHANGES, Exchange, ExpiryRule

HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange"
)


def line(token: int, symbol: str, expiry: str, strike: float, kind: str, lot: int = 65) -> str:
    segment = "NFO-FUT" if kind == "FUT" else "NFO-OPT"
    return (
        f"{token},{token >> 8},{symbol},NIFTY,0.0,{expiry},{strike},0.05,{lot},{kind},{segment},NFO"
    )


def dump_of(*lines: str, header: str = HEADER) -> Dump:
    return parsed("\n".join((header, *lines)) + "\n")


def nifty(expiry: str, strike: float, kind: str, token: int) -> Instrument:
    return Instrument(
        token=token,
        symbol=f"NIFTY{expiry}{strike:g}{kind}",
        name="NIFTY",
        kind=kind,
        expiry=date.fromisoformat(expiry),
        strike=strike,
        tick_size=0.05,
        lot_size=65,
        segment="NFO-OPT",
        exchange="NFO",
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def test_rows_are_read_by_the_names_of_their_columns() -> None:
    dump = dump_of(line(15_000_066, "NIFTY26AUG26000CE", "2026-08-25", 26000.0, "CE"))
    (contract,) = dump.instruments
    assert (contract.token, contract.kind, contract.strike) == (15_000_066, "CE", 26_000.0)
    assert (contract.expiry, contract.lot_size) == (date(2026, 8, 25), 65)
    assert dump.quarantined == ()


def test_another_column_changes_nothing() -> None:
    row = line(15_000_066, "NIFTY26AUG26000CE", "2026-08-25", 26000.0, "CE")
    wider = dump_of(f"x,{row}", header=f"isin,{HEADER}")
    assert wider.instruments == dump_of(row).instruments


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(0, "A", "2026-08-25", 26000.0, "CE"), "instrument_token is '0'"),
        (line(9, "A", "2026-08-25", 26000.0, "CE").replace("9,", "x,", 1), "instrument_token"),
        (line(9, "A", "25-08-2026", 26000.0, "CE"), "25-08-2026"),
        (line(9, "A", "", 26000.0, "CE"), "without a strike or an expiry"),
        (line(9, "A", "2026-08-25", float("nan"), "CE"), "strike is 'nan'"),
        (line(9, "", "2026-08-25", 26000.0, "CE"), "no tradingsymbol"),
        (line(9, "A", "2026-08-25", 26000.0, "CE", lot=0), "lot_size is '0'"),
        ("9,1,A", "3 cells where the header has 12"),
    ],
)
def test_a_bad_row_costs_that_row_and_is_named(bad: str, reason: str) -> None:
    good = line(15_000_066, "NIFTY26AUG26000CE", "2026-08-25", 26000.0, "CE")
    dump = dump_of(good, bad, good)
    assert len(dump) == 2
    (aside,) = dump.quarantined
    assert aside.line == 3
    assert reason in aside.reason


def test_a_dump_without_a_needed_column_or_any_row_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no column lot_size"):
        dump_of(header=HEADER.replace("lot_size,", ""))
    with pytest.raises(InvalidInputError, match="no row"):
        dump_of()


def test_a_dump_that_shrank_by_much_is_refused_and_the_last_kept() -> None:
    last = Dump(tuple(nifty("2026-08-25", 100.0 * n, "CE", n) for n in range(1, 101)))
    shrunk = Dump(last.instruments[:79])
    with pytest.raises(InvalidInputError, match="79 rows where the last one held 100"):
        accepted(shrunk, last)
    slightly = Dump(last.instruments[:81])
    assert accepted(slightly, last) is slightly
    assert accepted(shrunk, None) is shrunk


@pytest.fixture
def chains() -> Dump:
    """Three expiries of NIFTY around a holiday: 2026-11-24 is one, so the month's last is 11-23."""
    dates = ("2026-11-17", "2026-11-23", "2026-12-01", "2026-12-29")
    return Dump(
        tuple(
            nifty(day, strike, kind, 1000 * n + int(strike) // 50 + (kind == "PE") * 500)
            for n, day in enumerate(dates, 1)
            for strike in (25_950.0, 26_000.0, 26_050.0)
            for kind in ("CE", "PE")
        )
    )


@pytest.mark.parametrize(
    ("moment", "weekly", "monthly"),
    [
        ("2026-11-17 15:39", date(2026, 11, 17), date(2026, 11, 23)),
        ("2026-11-17 15:40", date(2026, 11, 23), date(2026, 11, 23)),
        ("2026-11-23 10:00", date(2026, 11, 23), date(2026, 11, 23)),
        ("2026-11-23 15:40", date(2026, 12, 1), date(2026, 12, 29)),
        ("2026-11-24 11:00", date(2026, 12, 1), date(2026, 12, 29)),
    ],
)
def test_chains_roll_when_their_contracts_have_died(
    chains: Dump, moment: str, weekly: date, monthly: date
) -> None:
    keys = [EXCHANGES["NSE"], EXCHANGES["NSE_MONTHLY"]]
    found = listed(chains, keys, at(moment))
    assert {key: each.expiry for key, each in found.items()} == {
        "NSE": weekly,
        "NSE_MONTHLY": monthly,
    }


def test_subscriptions_go_from_the_money_outwards(chains: Dump) -> None:
    listing = listed(chains, [EXCHANGES["NSE"]], at("2026-11-18 10:00"))["NSE"]
    order = listing.followed(26_049.0)
    assert order[0] == 256265
    strikes = {token: strike for token, strike in zip(listing.token, listing.strike, strict=True)}
    assert [strikes[token] for token in order[2:]] == [
        *(26_050.0, 26_050.0, 26_000.0, 26_000.0, 25_950.0, 25_950.0)
    ]


def test_a_key_without_contracts_is_left_out(chains: Dump) -> None:
    fixed = ExpiryRule(fixed=date(2026, 12, 8))
    stock = Exchange("X", "X", "Reliance", "RELIANCE", "NFO", 20.0, fixed, "NSE:RELIANCE")
    assert listed(chains, [stock], at("2026-11-18 10:00")) == {}
