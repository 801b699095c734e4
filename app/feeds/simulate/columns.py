"""A simulated day as stored columns and per-instant features, ready for a bulk load."""

from datetime import datetime

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.analytics import moneyness, order_book
from app.analytics.baselines import baseline_positions
from app.analytics.black_scholes import Floats, greeks, years_to_expiry
from app.analytics.features import SHIFT_WINDOW, ChainFigures, features
from app.analytics.open_interest import percent_change
from app.feeds.simulate.chain import ChainBlock
from db.market.clock import IST
from db.market.limits import CHANGE_MINUTES
from db.market.symbols import future_symbol
from db.market.ticks import ChainColumns, SnapshotContext


def chain_columns(block: ChainBlock) -> ChainColumns:
    """All rows of a block, instant by instant: m × n."""
    chain = block.contracts
    instants, places = block.ltp.shape
    atm = moneyness.atm_strike(chain.strike, block.underlying)
    positions = moneyness.position(chain.strike, atm, chain.exchange.strike_step)
    changes = {
        f"pct_change_{m}m": percent_change(block.oi, earlier(block, block.oi, m)).ravel()
        for m in CHANGE_MINUTES
    }
    return ChainColumns(
        exchange=chain.exchange.key,
        timestamp=np.repeat(block.timestamp, places),
        strike=np.tile(chain.strike, instants),
        option_type=np.tile(np.where(chain.is_call, b"CE", b"PE"), instants),
        symbol=np.tile(np.array([s.encode() for s in chain.symbol]), instants),
        token=np.tile(chain.token, instants),
        expiry=np.full(instants * places, np.datetime64(chain.expiry, "D")),
        time_to_expiry_seconds=np.repeat(block.seconds_to_expiry, places),
        moneyness=moneyness.moneyness(chain.is_call, positions).astype("S3").ravel(),
        underlying_price=np.repeat(block.underlying, places),
        oi=block.oi.ravel(),
        ltp=block.ltp.ravel(),
        volume=block.volume.ravel(),
        iv=np.round(block.volatility * 100, 2).ravel(),
        best_bid=block.bid.ravel(),
        best_ask=block.ask.ravel(),
        bid_quantity=block.bid_quantity.ravel(),
        ask_quantity=block.ask_quantity.ravel(),
        spread=order_book.spread(block.bid, block.ask).ravel(),
        order_book_imbalance=order_book.imbalance(block.bid_quantity, block.ask_quantity).ravel(),
        **changes,
    )


def snapshot_contexts(block: ChainBlock) -> list[SnapshotContext]:
    """What belongs to each instant beside its rows: future, VIX, ATM and features."""
    chain = block.contracts
    columns = features(_state(block), _recent(block.underlying))
    atm = moneyness.atm_strike(chain.strike, block.underlying)
    symbol = future_symbol(chain.exchange.underlying_symbol, chain.future_expiry)
    stamps: list[datetime] = block.timestamp.tolist()
    return [
        SnapshotContext(
            exchange=chain.exchange.key,
            timestamp=stamp.replace(tzinfo=IST),
            underlying_price=float(block.underlying[i]),
            future_price=float(block.future[i]),
            future_oi=int(block.future_oi[i]),
            future_symbol=symbol,
            vix=float(block.vix[i]),
            atm_strike=float(atm[i]),
            source="simulated",
            features={k: None if np.isnan(v[i]) else float(v[i]) for k, v in columns.items()},
        )
        for i, stamp in enumerate(stamps)
    ]


def earlier(block: ChainBlock, values: NDArray[np.int64], minutes: int) -> Floats:
    """Values (m, …) as they were that many minutes before each instant; NaN where unknown."""
    found = baseline_positions(block.timestamp, minutes)
    known = (found >= 0).reshape(-1, *[1] * (values.ndim - 1))
    return np.where(known, values[np.maximum(found, 0)], np.nan)


def _state(block: ChainBlock) -> ChainFigures:
    chain = block.contracts
    years = years_to_expiry(block.seconds_to_expiry)[:, None]
    return ChainFigures(
        strike=chain.strike,
        is_call=chain.is_call,
        oi=block.oi.astype(np.float64),
        oi_before=earlier(block, block.oi, 3),
        volume=block.volume.astype(np.float64),
        greeks=greeks(
            chain.is_call, block.underlying[:, None], chain.strike, years, block.volatility
        ),
        underlying=block.underlying,
        future=block.future,
        future_oi=block.future_oi.astype(np.float64),
        future_oi_before=earlier(block, block.future_oi, 3),
        vix=block.vix,
        hours_to_expiry=block.seconds_to_expiry / 3600,
        step=chain.exchange.strike_step,
    )


def _recent(underlying: Floats) -> Floats:
    """The index at each instant and the nine before it (m, 10); before the first, the first."""
    padded = np.concatenate([np.full(SHIFT_WINDOW - 1, underlying[0]), underlying])
    recent: Floats = sliding_window_view(padded, SHIFT_WINDOW)
    return recent
