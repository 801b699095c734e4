"""From what a feed yields to what the database takes in: everything that is computed of a chain."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analytics import moneyness, order_book
from app.analytics.black_scholes import RATE, Bools, Floats, Greeks, greeks, price, years_to_expiry
from app.analytics.features import SHIFT_WINDOW, ChainFigures, features
from app.analytics.forward import Parity, discounted, parity
from app.analytics.implied_volatility import implied_volatility
from app.analytics.open_interest import absolute_change, percent_change
from app.analytics.smile import neighbours_volatility
from app.collector.memory import Memory, Moment
from db.market.calendar import Instrument, Phase, phase, seconds_to_expiry
from db.market.exchanges import EXCHANGES
from db.market.limits import CHANGE_MINUTES, ITM_CHANGE_MINUTES
from db.market.ticks import (
    ChainSnapshot,
    EnrichedColumns,
    EnrichedSnapshot,
    OptionColumns,
    Source,
    field_names,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """What is computed of a snapshot: arrays (n,), NaN where a figure is unknown.

    `spot` is what the contracts are valued at, `atm` the strike at the money, `volatility` that on
    the spot at the assumed rate, `on_forward` that on the chain's own forward.
    """

    is_call: Bools
    oi: Floats
    seconds: NDArray[np.int64]
    years: Floats
    spot: float
    atm: float
    volatility: Floats
    forward: float
    on_forward: Floats
    greeks: Greeks


def enriched(
    snapshot: ChainSnapshot,
    memory: Memory,
    *,
    with_features: bool = True,
    source: Source | None = None,
) -> EnrichedSnapshot:
    """The snapshot with volatility, greeks, OI changes, moneyness and features.

    Changes are measured against `memory`, which is left as it is. While the index is unknown, or
    stands still though its options trade, the forward that the chain implies takes its place.
    """
    chain = _computed(snapshot)
    return EnrichedSnapshot(
        exchange=snapshot.exchange,
        timestamp=snapshot.timestamp,
        options=_columns(snapshot, chain, memory),
        underlying_price=snapshot.underlying_price,
        underlying_at=snapshot.underlying_at,
        future_price=snapshot.future_price,
        future_oi=snapshot.future_oi,
        future_symbol=snapshot.future_symbol,
        vix=snapshot.vix,
        lot_size=snapshot.lot_size,
        atm_strike=_known(chain.atm),
        forward=_known(round(chain.forward, 2)),
        features=_features(snapshot, chain, memory) if with_features else {},
        source=source,
        has_changes=memory.is_complete,
    )


def moment_of(snapshot: ChainSnapshot) -> Moment:
    """What later snapshots will ask of this one."""
    return Moment.of(
        snapshot.timestamp, snapshot.options, snapshot.underlying_price, snapshot.future_oi
    )


def _computed(snapshot: ChainSnapshot) -> _Chain:
    options, at = snapshot.options, snapshot.timestamp
    is_call = options.is_call
    listed, place = np.unique(options.expiry, return_inverse=True)
    left = [seconds_to_expiry(expiry.item(), at) for expiry in listed]
    seconds = np.array(left, dtype=np.int64)[place]
    years = years_to_expiry(seconds)
    implied = _parity(options, float(years.min()))
    spot, level = _levels(snapshot, float(implied.forward), float(years.min()))
    volatility, on_forward = _volatilities(options, spot, implied, years)
    return _Chain(
        is_call=is_call,
        oi=np.where(options.oi < 0, np.nan, options.oi),
        seconds=seconds,
        years=years,
        spot=spot,
        atm=float(moneyness.atm_strike(options.strike, level)),
        volatility=volatility,
        forward=float(implied.forward),
        on_forward=on_forward,
        greeks=greeks(is_call, spot, options.strike, years, volatility),
    )


def _parity(options: OptionColumns, years: float) -> Parity:
    """What calls and puts agree on; a forward that is no price of anything is unknown."""
    book = (options.ltp, options.best_bid, options.best_ask)
    found = parity(options.strike, options.is_call, *book, years)
    return Parity(np.where(found.forward > 0, found.forward, np.nan), found.discount)


def _levels(snapshot: ChainSnapshot, forward: float, years: float) -> tuple[float, float]:
    """Where the market stands: to value contracts at, and to find ATM by."""
    index = _nan(snapshot.underlying_price)
    if not np.isfinite(forward) or (np.isfinite(index) and not _stands_still(snapshot)):
        return index, index
    return float(discounted(forward, years)), forward


def _volatilities(options: OptionColumns, spot: float, implied: Parity, years: Floats) -> Floats:
    """Volatility on the spot at the assumed rate, and on the forward without one: (2, n)."""
    price = np.stack([options.ltp, options.ltp / implied.discount])
    level, rate = np.array([[spot], [implied.forward]]), np.array([[RATE], [0.0]])
    return implied_volatility(options.is_call, price, level, options.strike, years, rate)


def _stands_still(snapshot: ChainSnapshot) -> bool:
    """Whether options trade while the index does not: in its closing auction and after it."""
    at = snapshot.timestamp
    is_trading = phase(at, Instrument.OPTIONS) is Phase.OPEN
    return is_trading and phase(at, Instrument.INDEX) is not Phase.OPEN


def _columns(snapshot: ChainSnapshot, chain: _Chain, memory: Memory) -> EnrichedColumns:
    options, step = snapshot.options, EXCHANGES[snapshot.exchange].strike_step
    given = {name: getattr(options, name) for name in field_names(OptionColumns)}
    positions = moneyness.position(options.strike, np.array(chain.atm), step)
    return EnrichedColumns(
        **given,
        **_changes(snapshot, chain, memory),
        time_to_expiry_seconds=chain.seconds,
        moneyness=moneyness.moneyness(chain.is_call, positions).astype(np.bytes_),
        underlying_price=np.full(len(options), _nan(snapshot.underlying_price)),
        iv=np.round(chain.volatility * 100, 4),
        iv_forward=np.round(chain.on_forward * 100, 4),
        spread=order_book.spread(options.best_bid, options.best_ask),
        order_book_imbalance=order_book.imbalance(options.bid_quantity, options.ask_quantity),
        delta=_finite(chain.greeks.delta),
        gamma=_finite(chain.greeks.gamma),
        theta=_finite(chain.greeks.theta),
        vega=_finite(chain.greeks.vega),
        theoretical_price=_theoretical(options, chain),
    )


def _changes(snapshot: ChainSnapshot, chain: _Chain, memory: Memory) -> dict[str, NDArray[Any]]:
    """Percent and units of each interval, both from one row of the past."""
    found: dict[str, NDArray[Any]] = {}
    for minutes in CHANGE_MINUTES:
        before = _oi_before(snapshot, memory, minutes)
        found[f"pct_change_{minutes}m"] = percent_change(chain.oi, before)
        found[f"oi_change_{minutes}m"] = absolute_change(chain.oi, before)
    return found


def _oi_before(snapshot: ChainSnapshot, memory: Memory, minutes: int) -> Floats:
    past = memory.before(snapshot.timestamp, minutes)
    token = snapshot.options.token
    return np.full(len(token), np.nan) if past is None else past.oi_of(token)


def _theoretical(options: OptionColumns, chain: _Chain) -> Floats:
    volatility = neighbours_volatility(options.strike, chain.is_call, chain.volatility)
    value = price(chain.is_call, chain.spot, options.strike, chain.years, volatility)
    shown: Floats = np.where(np.isfinite(volatility), value, np.nan)
    return _finite(shown.round(2))


def _features(snapshot: ChainSnapshot, chain: _Chain, memory: Memory) -> dict[str, float | None]:
    options, at = snapshot.options, snapshot.timestamp
    past = memory.before(at, ITM_CHANGE_MINUTES)
    state = ChainFigures(
        strike=options.strike,
        is_call=chain.is_call,
        oi=chain.oi,
        oi_before=_oi_before(snapshot, memory, ITM_CHANGE_MINUTES),
        volume=np.where(options.volume < 0, np.nan, options.volume),
        greeks=chain.greeks,
        underlying=np.array(chain.spot),
        future=np.array(_nan(snapshot.future_price)),
        future_oi=np.array(_nan(snapshot.future_oi)),
        future_oi_before=np.array(_nan(past.future_oi if past else None)),
        vix=np.array(_nan(snapshot.vix)),
        hours_to_expiry=np.array(chain.seconds.min() / 3600),
        step=EXCHANGES[snapshot.exchange].strike_step,
        atm=np.array(chain.atm),
    )
    found = features(state, np.array(_recent_spots(chain, memory, snapshot)))
    known = {name: _known(float(value)) for name, value in found.items()}
    return known | {"underlying_price": snapshot.underlying_price}


def _recent_spots(chain: _Chain, memory: Memory, snapshot: ChainSnapshot) -> list[float]:
    """The index at this and earlier snapshots; alone where history may hold more than memory."""
    before = memory.recent_underlying(snapshot.timestamp, SHIFT_WINDOW - 1)
    is_whole = memory.is_complete or len(before) == SHIFT_WINDOW - 1
    return [*(before if is_whole else ()), chain.spot]


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
