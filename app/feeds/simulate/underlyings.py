"""What the simulated market knows of each underlying: three by heart, any other by its declaration.

Levels of what is declared follow from the distance of its strikes, as in the instrument dump of
August 2026: an index of 550 to 720 steps, a share of some 130.
"""

from dataclasses import dataclass

from db.market.exchanges import EXCHANGES, Exchange


@dataclass(frozen=True, slots=True)
class Underlying:
    """An index or a share; `family` is a number of its own, below 83.

    `level` in points, `daily_sd` and `market_share` of its daily moves, `volatility` at the money
    in percent of the VIX. Open interest in units: `peak` at strikes at hundreds (odd hundreds of a
    step of 100) on expiry day, `future_units`; `roundness` is how much more strikes at 500s hold,
    `turnover` the times a calm day's volume exceeds it. `lot` is that of expiries whose lot nobody
    knows.
    """

    symbol: str
    family: int
    level: float
    daily_sd: float
    market_share: float
    volatility: float
    peak: float
    future_units: float
    roundness: float
    turnover: float
    lot: int
    has_weeklies: bool = False


NIFTY = Underlying(
    symbol="NIFTY",
    family=0,
    level=26_000.0,
    daily_sd=0.0063,
    market_share=0.98,
    volatility=0.85,
    peak=2.15e7,
    future_units=1.5e7,
    roundness=2.0,
    turnover=1.25,
    lot=75,
    has_weeklies=True,
)
SENSEX = Underlying(
    symbol="SENSEX",
    family=1,
    level=85_200.0,
    daily_sd=0.0063,
    market_share=0.975,
    volatility=0.87,
    peak=6.5e6,
    future_units=3.5e4,
    roundness=1.7,
    turnover=1.25,
    lot=10,
    has_weeklies=True,
)
BANKNIFTY = Underlying(
    symbol="BANKNIFTY",
    family=2,
    level=59_200.0,
    daily_sd=0.0076,
    market_share=0.88,
    volatility=1.08,
    peak=2.8e6,
    future_units=1.65e6,
    roundness=4.5,
    turnover=4.8,
    lot=15,
)
KNOWN = (NIFTY, SENSEX, BANKNIFTY)

_BY_SYMBOL = {each.symbol: each for each in KNOWN}
_INDEX_STEPS, _SHARE_STEPS = 570, 130
_INDEX_LOT_INR, _SHARE_LOT_INR = 1.6e6, 6e5
_LOT_STEP = 5
_PEAK_LOTS, _FUTURE_LOTS = 40_000, 25_000


def underlying_of(symbol: str) -> Underlying:
    """The underlying of that symbol; raises KeyError for one that no exchange key has."""
    return _BY_SYMBOL.get(symbol) or _declared(symbol)


def is_simulated_alone(symbol: str) -> bool:
    """Whether an underlying goes a way of its own, drawn for it and no other."""
    return symbol not in _BY_SYMBOL


def _declared(symbol: str) -> Underlying:
    """An index or a share of no surprises, as far as its declaration goes."""
    exchange = next((each for each in EXCHANGES.values() if each.underlying_symbol == symbol), None)
    if exchange is None:
        raise KeyError(symbol)
    is_index = exchange.index_token is not None
    level = exchange.strike_step * (_INDEX_STEPS if is_index else _SHARE_STEPS)
    lot = _lot((_INDEX_LOT_INR if is_index else _SHARE_LOT_INR) / level)
    return Underlying(
        symbol=symbol,
        family=len(KNOWN) + _others().index(symbol),
        level=level,
        daily_sd=0.0085 if is_index else 0.0135,
        market_share=0.85 if is_index else 0.6,
        volatility=1.15 if is_index else 1.9,
        peak=float(_PEAK_LOTS * lot),
        future_units=float(_FUTURE_LOTS * lot),
        roundness=2.5,
        turnover=3.0,
        lot=lot,
    )


def _others() -> list[str]:
    declared: list[Exchange] = list(EXCHANGES.values())
    return sorted({each.underlying_symbol for each in declared} - _BY_SYMBOL.keys())


def _lot(units: float) -> int:
    return max(1, round(units / _LOT_STEP) * _LOT_STEP)
