"""From what a feed yields to what the database takes in: everything that is computed of a chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.analytics import moneyness, order_book
from app.analytics.black_scholes import Bools, Floats, Greeks, greeks, price, years_to_expiry
from app.analytics.features import SHIFT_WINDOW, ChainFigures, features
from app.analytics.implied_volatility import implied_volatility
from app.analytics.open_interest import percent_change
from app.analytics.smile import neighbours_volatility
from app.collector.memory import Memory, Moment
from db.market.calendar import seconds_to_expiry
from db.market.exchanges import EXCHANGES
from db.market.ticks import (
    CHANGE_MINUTES,
    ChainSnapshot,
    EnrichedOption,
    EnrichedSnapshot,
    OptionTick,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """A snapshot as arrays (n,), NaN where a figure is unknown."""

    strike: Floats
    is_call: Bools
    oi: Floats
    volume: Floats
    ltp: Floats
    seconds: Floats
    volatility: Floats
    greeks: Greeks


def enriched(
    snapshot: ChainSnapshot, memory: Memory, *, with_features: bool = True
) -> EnrichedSnapshot:
    """The snapshot with volatility, greeks, OI changes, moneyness and features.

    Changes are measured against `memory`, which is left as it is.
    """
    chain = _chain(snapshot)
    atm = _known(float(moneyness.atm_strike(chain.strike, _nan(snapshot.underlying_price))))
    return EnrichedSnapshot(
        exchange=snapshot.exchange,
        timestamp=snapshot.timestamp,
        options=_options(snapshot, chain, atm, memory),
        underlying_price=snapshot.underlying_price,
        future_price=snapshot.future_price,
        future_oi=snapshot.future_oi,
        future_symbol=snapshot.future_symbol,
        vix=snapshot.vix,
        atm_strike=atm,
        features=_features(snapshot, chain, memory) if with_features else {},
    )


def moment_of(snapshot: ChainSnapshot | EnrichedSnapshot) -> Moment:
    """What later snapshots will ask of this one."""
    return Moment(
        timestamp=snapshot.timestamp,
        oi={tick.token: tick.oi for tick in snapshot.options if tick.oi is not None},
        underlying_price=snapshot.underlying_price,
        future_oi=snapshot.future_oi,
    )


def _chain(snapshot: ChainSnapshot) -> _Chain:
    ticks, spot = snapshot.options, _nan(snapshot.underlying_price)
    strike = _column([tick.strike for tick in ticks])
    is_call = np.array([tick.option_type == "CE" for tick in ticks])
    ltp = _column([tick.ltp for tick in ticks])
    left = {e: seconds_to_expiry(e, snapshot.timestamp) for e in {t.expiry for t in ticks}}
    seconds = _column([left[tick.expiry] for tick in ticks])
    years = years_to_expiry(seconds)
    volatility = implied_volatility(is_call, ltp, spot, strike, years)
    return _Chain(
        strike=strike,
        is_call=is_call,
        oi=_column([tick.oi for tick in ticks]),
        volume=_column([tick.volume for tick in ticks]),
        ltp=ltp,
        seconds=seconds,
        volatility=volatility,
        greeks=greeks(is_call, spot, strike, years, volatility),
    )


def _options(
    snapshot: ChainSnapshot, chain: _Chain, atm: float | None, memory: Memory
) -> tuple[EnrichedOption, ...]:
    ticks, step = snapshot.options, EXCHANGES[snapshot.exchange].strike_step
    positions = moneyness.position(chain.strike, np.array(_nan(atm)), step)
    bid, ask = (_column([getattr(t, f"best_{s}") for t in ticks]) for s in ("bid", "ask"))
    bids, asks = (_column([getattr(t, f"{s}_quantity") for t in ticks]) for s in ("bid", "ask"))
    computed = zip(
        chain.seconds.astype(int).tolist(),
        (name or None for name in moneyness.moneyness(chain.is_call, positions).tolist()),
        *(_nullable(change) for change in _changes(snapshot, chain, memory)),
        _nullable(np.round(chain.volatility * 100, 4)),
        _nullable(order_book.spread(bid, ask)),
        _nullable(order_book.imbalance(bids, asks)),
        *(_nullable(getattr(chain.greeks, g)) for g in ("delta", "gamma", "theta", "vega")),
        _nullable(_theoretical(chain, _nan(snapshot.underlying_price))),
        strict=True,
    )
    underlying = snapshot.underlying_price
    return tuple(_row(tick, underlying, *row) for tick, row in zip(ticks, computed, strict=True))


def _row(
    tick: OptionTick,
    underlying: float | None,
    seconds: int,
    side: str | None,
    *figures: float | None,
) -> EnrichedOption:
    # in units: the database computes both from its history
    changes = (*figures[:5], *(None,) * 5)
    (iv, spread, imbalance), live_edge = figures[5:8], figures[8:]
    book = (tick.best_bid, tick.best_ask, tick.bid_quantity, tick.ask_quantity)
    contract = (tick.strike, tick.option_type, tick.symbol, tick.token, tick.expiry)
    state = (seconds, side, underlying, tick.oi, tick.ltp, tick.volume)
    return EnrichedOption._make(
        (*contract, *state, *changes, iv, *book, spread, imbalance, *live_edge)
    )


def _changes(snapshot: ChainSnapshot, chain: _Chain, memory: Memory) -> list[Floats]:
    return [
        percent_change(chain.oi, _oi_before(snapshot, memory, minutes))
        for minutes in CHANGE_MINUTES
    ]


def _oi_before(snapshot: ChainSnapshot, memory: Memory, minutes: int) -> Floats:
    past = memory.before(snapshot.timestamp, minutes)
    held = {} if past is None else past.oi
    return _column([held.get(tick.token) for tick in snapshot.options])


def _theoretical(chain: _Chain, spot: float) -> Floats:
    volatility = neighbours_volatility(chain.strike, chain.is_call, chain.volatility)
    years = years_to_expiry(chain.seconds)
    value = price(chain.is_call, spot, chain.strike, years, volatility)
    shown: Floats = np.where(np.isfinite(volatility), value, np.nan)
    return shown.round(2)


def _features(snapshot: ChainSnapshot, chain: _Chain, memory: Memory) -> dict[str, float | None]:
    at = snapshot.timestamp
    past = memory.before(at, 3)
    recent = [*memory.recent_underlying(at, SHIFT_WINDOW - 1), _nan(snapshot.underlying_price)]
    state = ChainFigures(
        strike=chain.strike,
        is_call=chain.is_call,
        oi=chain.oi,
        oi_before=_oi_before(snapshot, memory, 3),
        volume=chain.volume,
        greeks=chain.greeks,
        underlying=np.array(_nan(snapshot.underlying_price)),
        future=np.array(_nan(snapshot.future_price)),
        future_oi=np.array(_nan(snapshot.future_oi)),
        future_oi_before=np.array(_nan(past.future_oi if past else None)),
        vix=np.array(_nan(snapshot.vix)),
        hours_to_expiry=np.array(_first_expiry_hours(snapshot.options, at)),
        step=EXCHANGES[snapshot.exchange].strike_step,
    )
    found = features(state, np.array(recent, dtype=np.float64))
    return {name: _known(float(value)) for name, value in found.items()}


def _first_expiry_hours(ticks: Sequence[OptionTick], at: datetime) -> float:
    return seconds_to_expiry(min(tick.expiry for tick in ticks), at) / 3600


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _nullable(values: Floats) -> list[float | None]:
    return [None if v != v else v for v in values.tolist()]


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
