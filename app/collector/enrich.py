"""From what a feed yields to what the database takes in: everything that is computed of a chain."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analytics import moneyness, order_book
from app.analytics.black_scholes import Floats
from app.analytics.features import SHIFT_WINDOW, ChainFigures, features
from app.analytics.open_interest import absolute_change, percent_change
from app.analytics.valuation import Valuation, carried, finite, valued
from app.collector.memory import Memory, Moment
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


def enriched(
    snapshot: ChainSnapshot,
    memory: Memory,
    *,
    with_features: bool = True,
    source: Source | None = None,
) -> EnrichedSnapshot:
    """The snapshot with volatility, greeks, OI changes, moneyness and features.

    Changes are measured against `memory`, which is left as it is. While the index is unknown, or
    stands still though its options trade, what the chain's forward says of it takes its place.
    """
    at, index = snapshot.timestamp, _nan(snapshot.underlying_price)
    chain = valued(snapshot.options, at, index, memory.carry(at))
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
    index = _nan(snapshot.underlying_price)
    return Moment.of(
        snapshot.timestamp,
        snapshot.options,
        snapshot.underlying_price,
        snapshot.future_oi,
        carried(snapshot.options, snapshot.timestamp, index),
    )


def _columns(snapshot: ChainSnapshot, chain: Valuation, memory: Memory) -> EnrichedColumns:
    options, step = snapshot.options, EXCHANGES[snapshot.exchange].strike_step
    given = {name: getattr(options, name) for name in field_names(OptionColumns)}
    positions = moneyness.position(options.strike, np.array(chain.atm), step)
    return EnrichedColumns(
        **given,
        **_changes(snapshot, memory),
        time_to_expiry_seconds=chain.seconds,
        moneyness=moneyness.moneyness(chain.is_call, positions).astype(np.bytes_),
        underlying_price=np.full(len(options), _nan(snapshot.underlying_price)),
        iv=chain.iv,
        iv_forward=chain.iv_forward,
        spread=order_book.spread(options.best_bid, options.best_ask),
        order_book_imbalance=order_book.imbalance(options.bid_quantity, options.ask_quantity),
        delta=finite(chain.greeks.delta),
        gamma=finite(chain.greeks.gamma),
        theta=finite(chain.greeks.theta),
        vega=finite(chain.greeks.vega),
        theoretical_price=chain.theoretical_price,
    )


def _changes(snapshot: ChainSnapshot, memory: Memory) -> dict[str, NDArray[Any]]:
    """Percent and units of each interval, both from one row of the past."""
    now = _known_oi(snapshot.options)
    found: dict[str, NDArray[Any]] = {}
    for minutes in CHANGE_MINUTES:
        before = _oi_before(snapshot, memory, minutes)
        found[f"pct_change_{minutes}m"] = percent_change(now, before)
        found[f"oi_change_{minutes}m"] = absolute_change(now, before)
    return found


def _oi_before(snapshot: ChainSnapshot, memory: Memory, minutes: int) -> Floats:
    past = memory.before(snapshot.timestamp, minutes)
    token = snapshot.options.token
    return np.full(len(token), np.nan) if past is None else past.oi_of(token)


def _features(snapshot: ChainSnapshot, chain: Valuation, memory: Memory) -> dict[str, float | None]:
    options, at = snapshot.options, snapshot.timestamp
    past = memory.before(at, ITM_CHANGE_MINUTES)
    state = ChainFigures(
        strike=options.strike,
        is_call=chain.is_call,
        oi=_known_oi(options),
        oi_before=_oi_before(snapshot, memory, ITM_CHANGE_MINUTES),
        volume=np.where(options.volume < 0, np.nan, options.volume),
        volatility=chain.volatility,
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


def _recent_spots(chain: Valuation, memory: Memory, snapshot: ChainSnapshot) -> list[float]:
    """The index at this and earlier snapshots; alone where history may hold more than memory."""
    before = memory.recent_underlying(snapshot.timestamp, SHIFT_WINDOW - 1)
    is_whole = memory.is_complete or len(before) == SHIFT_WINDOW - 1
    return [*(before if is_whole else ()), chain.spot]


def _known_oi(options: OptionColumns) -> Floats:
    return np.where(options.oi < 0, np.nan, options.oi)


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
