"""One exchange's trading day as column arrays: a coherent, cheap market.

An index path, a smile, prices of intrinsic plus time value, open interest that moves in steps of
three minutes, volume that only grows. Nothing depends on another day, so any day can be made
alone and in any order.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.dataset.spec import SESSION_CLOSE, SESSION_OPEN, DatasetSpec, expiry_of
from db.market.exchanges import EXCHANGES
from db.market.limits import CHANGE_MINUTES

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEVELS = {
    "NSE": 25_000.0,
    "BSE": 82_000.0,
    "NSE_MONTHLY": 25_000.0,
    "BANKNIFTY_MONTHLY": 57_000.0,
}
_OI_STEP_S = 180


def history(spec: DatasetSpec) -> Iterator["ChainColumns"]:
    """The whole history day by day, exchange by exchange, oldest first."""
    for day in spec.trading_days:
        for exchange in EXCHANGES:
            yield chain_day(spec, exchange, day)


def chain_day(spec: DatasetSpec, exchange: str, day: date) -> "ChainColumns":
    """All rows of one exchange and day: instant by instant, strike by strike, CE before PE."""
    from db.market.ticks import ChainColumns

    random = np.random.default_rng([spec.seed, day.toordinal(), *exchange.encode()])
    instants, offsets_s = _instants(spec, day)
    strikes = strike_grid(spec, exchange)
    spot = _index_path(exchange, day, offsets_s, random)
    oi = _open_interest(strikes, spot[0], offsets_s, random)
    iv = _smile(strikes, spot)
    to_expiry_s = _to_expiry_s(exchange, day, instants)
    ltp = _prices(strikes, spot, iv, to_expiry_s)
    spread = np.maximum(0.05, np.round(ltp * 0.002 / 0.05) * 0.05)
    quantities = random.integers(1, 200, (2, *oi.shape)).astype(np.float64)
    quantities *= EXCHANGES[exchange].lot_size
    bid_quantity, ask_quantity = quantities.reshape(2, -1)
    contracts = oi.shape[1]
    changes = percent_changes(oi, spec.cadence_s)
    return ChainColumns(
        exchange=exchange,
        timestamp=np.repeat(instants, contracts),
        strike=np.tile(np.repeat(strikes, 2), len(instants)),
        option_type=np.tile(np.array([b"CE", b"PE"]), len(instants) * len(strikes)),
        symbol=np.tile(_symbols(exchange, day, strikes), len(instants)),
        token=np.tile(_tokens(exchange, day, contracts), len(instants)),
        expiry=np.full(oi.size, np.datetime64(expiry_of(exchange, day), "D")),
        time_to_expiry_seconds=np.repeat(to_expiry_s, contracts),
        moneyness=_moneyness(strikes, spot),
        underlying_price=np.repeat(spot, contracts),
        oi=oi.ravel(),
        ltp=ltp.ravel(),
        volume=_volume(oi, random).ravel(),
        pct_change_3m=changes[3].ravel(),
        pct_change_5m=changes[5].ravel(),
        pct_change_10m=changes[10].ravel(),
        pct_change_15m=changes[15].ravel(),
        pct_change_30m=changes[30].ravel(),
        iv=np.repeat(iv, 2, axis=1).ravel(),
        best_bid=np.maximum(0.05, ltp - spread).ravel(),
        best_ask=(ltp + spread).ravel(),
        bid_quantity=bid_quantity,
        ask_quantity=ask_quantity,
        spread=(2 * spread).ravel(),
        order_book_imbalance=(bid_quantity - ask_quantity) / (bid_quantity + ask_quantity),
    )


def strike_grid(spec: DatasetSpec, exchange: str) -> Floats:
    """The strikes of an exchange, ascending; the same on every day."""
    width = spec.strikes_of(exchange)
    steps = np.arange(width) - width // 2
    return np.asarray(_LEVELS[exchange] + steps * EXCHANGES[exchange].strike_step)


def percent_changes(oi: Integers, cadence_s: int) -> dict[int, Floats]:
    """OI change in percent by minutes, each shaped as `oi` (instants × contracts).

    Against the newest snapshot of the day that is at least that many minutes older; NaN where
    there is none.
    """
    changes = {}
    for minutes in CHANGE_MINUTES:
        back = -(-minutes * 60 // cadence_s)
        change = np.full(oi.shape, np.nan)
        if back < len(oi):
            change[back:] = (oi[back:] - oi[:-back]) * 100.0 / oi[:-back]
        changes[minutes] = change
    return changes


def _instants(spec: DatasetSpec, day: date) -> tuple[NDArray[np.datetime64], Integers]:
    offsets_s = np.arange(spec.snapshots_per_day, dtype=np.int64) * spec.cadence_s
    opened = np.datetime64(datetime.combine(day, SESSION_OPEN), "us")
    return opened + offsets_s * np.timedelta64(1_000_000, "us"), offsets_s


def _index_path(
    exchange: str, day: date, offsets_s: Integers, random: np.random.Generator
) -> Floats:
    level = _LEVELS[exchange]
    season = level * 0.01 * np.sin(day.toordinal() / 7)
    noise = np.cumsum(random.standard_normal(len(offsets_s)))
    noise *= level * 0.003 / max(1.0, float(np.abs(noise).max()))
    path: Floats = np.round(level + season + noise, 2)
    return path


def _open_interest(
    strikes: Floats, spot: float, offsets_s: Integers, random: np.random.Generator
) -> Integers:
    """OI in units, instants × contracts; the exchange publishes it about every three minutes."""
    distance = np.abs(strikes - spot) / (strikes[1] - strikes[0])
    start = np.repeat(3_000_000 * np.exp(-distance / 12) + 60_000, 2)
    start *= random.uniform(0.6, 1.4, len(start))
    steps = int(offsets_s[-1] // _OI_STEP_S) + 1
    moves = random.normal(0.0005, 0.006, (steps, len(start)))
    moves[random.random(moves.shape) > 0.6] = 0.0
    levels: Floats = start * np.exp(np.cumsum(moves, axis=0))
    published: Integers = np.round(levels / 5).astype(np.int64) * 5
    return np.asarray(published[offsets_s // _OI_STEP_S])


def _smile(strikes: Floats, spot: Floats) -> Floats:
    """IV in percent, instants × strikes."""
    away = (strikes[None, :] - spot[:, None]) / spot[:, None]
    return np.asarray(np.round(12.0 - 20.0 * away + 900.0 * away * away, 2))


def _prices(strikes: Floats, spot: Floats, iv: Floats, to_expiry_s: Integers) -> Floats:
    """INR, instants × contracts: intrinsic plus a time value that decays away from the money."""
    years = np.maximum(to_expiry_s, 60) / (365 * 86_400)
    deviation = spot[:, None] * iv / 100 * np.sqrt(years)[:, None]
    away = strikes[None, :] - spot[:, None]
    time_value = 0.4 * deviation * np.exp(-np.abs(away) / (deviation + 1))
    prices = np.stack((np.maximum(0, -away) + time_value, np.maximum(0, away) + time_value), axis=2)
    ticks = np.maximum(1, np.round(prices / 0.05))
    return np.asarray(np.round(ticks * 0.05, 2).reshape(len(spot), -1))


def _volume(oi: Integers, random: np.random.Generator) -> Integers:
    pace = random.integers(0, 4, (1, oi.shape[1]))
    traded = np.cumsum(random.integers(0, 8, (len(oi), 1)) * 65, axis=0)
    return np.asarray(traded * pace)


def _moneyness(strikes: Floats, spot: Floats) -> NDArray[np.bytes_]:
    nearest = strikes[np.abs(strikes[None, :] - spot[:, None]).argmin(axis=1)][:, None]
    side = np.sign(strikes[None, :] - nearest)
    names = np.array([b"ITM", b"ATM", b"OTM"])
    call = (side + 1).astype(np.int64)
    return np.asarray(names[np.stack((call, 2 - call), axis=2)].ravel())


def _to_expiry_s(exchange: str, day: date, instants: NDArray[np.datetime64]) -> Integers:
    expiry = np.datetime64(datetime.combine(expiry_of(exchange, day), SESSION_CLOSE), "us")
    return np.asarray((expiry - instants) // np.timedelta64(1, "s"), dtype=np.int64)


def _symbols(exchange: str, day: date, strikes: Floats) -> NDArray[np.bytes_]:
    prefix = f"{EXCHANGES[exchange].underlying_symbol}{expiry_of(exchange, day):%y%m%d}"
    names = [f"{prefix}{strike:.0f}{side}" for strike in strikes for side in ("CE", "PE")]
    return np.array([name.encode() for name in names])


def _tokens(exchange: str, day: date, contracts: int) -> Integers:
    series = expiry_of(exchange, day).toordinal() * 8 + list(EXCHANGES).index(exchange)
    return np.arange(contracts, dtype=np.int64) * 256 + series % 50_000 * 100_000 + 2
