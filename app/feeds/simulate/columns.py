"""A simulated day as stored columns and per-instant features, ready for a bulk load."""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.analytics import moneyness, order_book
from app.analytics.baselines import baseline_positions
from app.analytics.black_scholes import Floats, greeks, years_to_expiry
from app.analytics.features import SHIFT_WINDOW, ChainFigures, features
from app.feeds.simulate.chain import ChainBlock, pieces
from db.market.clock import IST
from db.market.limits import CHANGE_MINUTES
from db.market.symbols import future_symbol
from db.market.ticks import ChainColumns, SnapshotContext


def chain_columns(block: ChainBlock) -> ChainColumns:
    """All rows of a block, instant by instant: m × n."""
    chain = block.contracts
    changes = percent_changes(block)

    def rows(figures: Any) -> Any:
        """What is the same at all instants, or for all contracts, once for each row."""
        return np.broadcast_to(figures, block.ltp.shape).ravel()

    iv = block.volatility * 100
    return ChainColumns(
        exchange=chain.exchange.key,
        timestamp=rows(block.timestamp[:, None]),
        strike=rows(chain.strike),
        option_type=rows(np.where(chain.is_call, b"CE", b"PE")),
        symbol=rows(np.array([s.encode() for s in chain.symbol])),
        token=rows(chain.token),
        expiry=rows(np.datetime64(chain.expiry, "D")),
        time_to_expiry_seconds=rows(block.seconds_to_expiry[:, None]),
        moneyness=_moneyness(block).ravel(),
        underlying_price=rows(block.underlying[:, None]),
        oi=block.oi.ravel(),
        ltp=block.ltp.ravel(),
        volume=block.volume.ravel(),
        iv=np.round(iv, 2, out=iv).ravel(),
        best_bid=block.bid.ravel(),
        best_ask=block.ask.ravel(),
        bid_quantity=block.bid_quantity.ravel(),
        ask_quantity=block.ask_quantity.ravel(),
        spread=order_book.spread(block.bid, block.ask).ravel(),
        order_book_imbalance=order_book.imbalance(block.bid_quantity, block.ask_quantity).ravel(),
        pct_change_3m=changes[3].ravel(),
        pct_change_5m=changes[5].ravel(),
        pct_change_10m=changes[10].ravel(),
        pct_change_15m=changes[15].ravel(),
        pct_change_30m=changes[30].ravel(),
    )


def percent_changes(block: ChainBlock) -> dict[int, Floats]:
    """Change of open interest (m, n) in percent, by the minutes it is measured over.

    `app.analytics.open_interest.percent_change`, with one division for all of them.
    """
    held = _known(block.oi)
    scale = np.full(held.shape, np.nan)
    np.divide(100.0, held, out=scale, where=held > 0)
    return {
        minutes: _change(held, scale, baseline_positions(block.timestamp, minutes))
        for minutes in CHANGE_MINUTES
    }


def _change(held: Floats, scale: Floats, before: NDArray[np.int64]) -> Floats:
    """(held − held before) × scale before, row by row; NaN where `before` is −1."""
    found = np.empty(held.shape)
    for some in pieces(*held.shape):
        rows = before[some]
        # of a steady recording they follow one another: no copy is needed
        steady = rows[0] >= 0 and bool((np.diff(rows) == 1).all())
        base = slice(int(rows[0]), int(rows[-1]) + 1) if steady else np.maximum(rows, 0)
        np.subtract(held[some], held[base], out=found[some])
        found[some] *= scale[base]
    found[before < 0] = np.nan
    return found


def _moneyness(block: ChainBlock) -> NDArray[np.bytes_]:
    """Named once for each strike that ATM rests at, then looked up by instant."""
    chain = block.contracts
    atm, at = np.unique(moneyness.atm_strike(chain.strike, block.level), return_inverse=True)
    positions = moneyness.position(chain.strike, atm, chain.exchange.strike_step)
    return moneyness.moneyness(chain.is_call, positions).astype("S3")[at]


def _known(quantity: NDArray[np.int64]) -> Floats:
    """Quantities with NaN, not −1, for unknown."""
    found = quantity.astype(np.float64)
    found[quantity < 0] = np.nan
    return found


def snapshot_contexts(block: ChainBlock) -> list[SnapshotContext]:
    """What belongs to each instant beside its rows: future, VIX, ATM and features."""
    chain = block.contracts
    columns = features(_state(block), _recent(block.level))
    columns["underlying_price"] = block.underlying
    values = zip(*(_listed(column) for column in columns.values()), strict=True)
    atm = moneyness.atm_strike(chain.strike, block.level)
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
            features=dict(zip(columns, of_instant, strict=True)),
        )
        for i, (stamp, of_instant) in enumerate(zip(stamps, values, strict=True))
    ]


def _listed(column: Floats) -> list[float | None]:
    """With None for unknown."""
    values: list[float] = column.tolist()
    return [None if value != value else value for value in values]


def earlier(block: ChainBlock, values: Floats, minutes: int) -> Floats:
    """Values (m, …) as they were that many minutes before each instant; NaN where unknown."""
    found = baseline_positions(block.timestamp, minutes)
    before = values[np.maximum(found, 0)]
    before[found < 0] = np.nan
    return before


def _state(block: ChainBlock) -> ChainFigures:
    chain = block.contracts
    years = years_to_expiry(block.seconds_to_expiry)[:, None]
    oi, future_oi = _known(block.oi), block.future_oi.astype(np.float64)
    return ChainFigures(
        strike=chain.strike,
        is_call=chain.is_call,
        oi=oi,
        oi_before=earlier(block, oi, 3),
        volume=_known(block.volume),
        volatility=block.volatility,
        greeks=greeks(chain.is_call, block.level[:, None], chain.strike, years, block.volatility),
        underlying=block.level,
        future=block.future,
        future_oi=future_oi,
        future_oi_before=earlier(block, future_oi, 3),
        vix=block.vix,
        hours_to_expiry=block.seconds_to_expiry / 3600,
        step=chain.exchange.strike_step,
    )


def _recent(level: Floats) -> Floats:
    """The index at each instant and the nine before it (m, 10); before the first, the first."""
    padded = np.concatenate([np.full(SHIFT_WINDOW - 1, level[0]), level])
    recent: Floats = sliding_window_view(padded, SHIFT_WINDOW)
    return recent
