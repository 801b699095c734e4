"""The small tables beside the chain: features of an instant and the newest metadata."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns

FEATURES = (
    "pcr_total_oi",
    "pcr_itm_oi",
    "pcr_total_volume",
    "futures_premium",
    "time_to_expiry_hours",
    "vix",
    "underlying_price",
    "underlying_future_price",
    "underlying_future_oi",
    "total_itm_oi_ce",
    "total_itm_oi_pe",
    "atm_shift_intensity",
    "itm_ce_breadth",
    "itm_pe_breadth",
    "percent_oichange_fut_3m",
    "itm_oi_ce_pct_change_3m_wavg",
    "itm_oi_pe_pct_change_3m_wavg",
)
COLUMNS = ("timestamp", "exchange", *FEATURES, "feature_payload")


def feature_rows(chain: "ChainColumns") -> Iterator[Sequence[Any]]:
    """Rows of ml_features of one exchange and day, in the order of COLUMNS."""
    import orjson

    instants = np.unique(chain.timestamp)
    values = _features(chain, len(instants))
    table = np.column_stack([values[name] for name in FEATURES])
    for moment, row in zip(instants.tolist(), table.tolist(), strict=True):
        payload = orjson.dumps(dict(zip(FEATURES, row, strict=True))).decode()
        yield moment, chain.exchange, *row, payload


def metadata_row(chain: "ChainColumns") -> tuple[str, datetime, float, float, float, int]:
    """The row of exchange_metadata after one exchange's day."""
    newest: datetime = chain.timestamp[-1].item()
    spot = float(chain.underlying_price[-1])
    strikes = np.unique(chain.strike)
    atm = float(strikes[np.abs(strikes - spot).argmin()])
    return chain.exchange, newest, atm, spot, round(spot * 1.002, 2), 12_000_000


def _features(chain: "ChainColumns", instants: int) -> dict[str, NDArray[np.float64]]:
    def sides(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        grid = values.reshape(instants, -1, 2).astype(np.float64)
        return grid[:, :, 0], grid[:, :, 1]

    spot = chain.underlying_price.reshape(instants, -1)[:, 0]
    calls, puts = sides(chain.oi)
    call_volume, put_volume = sides(chain.volume)
    call_itm, put_itm = sides(chain.moneyness == b"ITM")
    call_change, put_change = (np.nan_to_num(side) for side in sides(chain.pct_change_3m))
    itm_calls, itm_puts = (calls * call_itm).sum(axis=1), (puts * put_itm).sum(axis=1)
    hours = chain.time_to_expiry_seconds.reshape(instants, -1)[:, 0] / 3600
    traded = np.maximum(1.0, call_volume.sum(axis=1))
    return {
        "pcr_total_oi": puts.sum(axis=1) / calls.sum(axis=1),
        "pcr_itm_oi": itm_puts / np.maximum(1.0, itm_calls),
        "pcr_total_volume": put_volume.sum(axis=1) / traded,
        "futures_premium": spot * 0.002,
        "time_to_expiry_hours": hours,
        "vix": 13 + 4 * np.abs(np.diff(spot, prepend=spot[0])) / spot * 100,
        "underlying_price": spot,
        "underlying_future_price": spot * 1.002,
        "underlying_future_oi": 12_000_000 + np.arange(instants) * 65.0,
        "total_itm_oi_ce": itm_calls,
        "total_itm_oi_pe": itm_puts,
        "atm_shift_intensity": np.abs(np.diff(spot, prepend=spot[0])),
        "itm_ce_breadth": (call_itm * (call_change > 0)).mean(axis=1),
        "itm_pe_breadth": (put_itm * (put_change > 0)).mean(axis=1),
        "percent_oichange_fut_3m": np.zeros(instants),
        "itm_oi_ce_pct_change_3m_wavg": (call_itm * call_change).mean(axis=1),
        "itm_oi_pe_pct_change_3m_wavg": (put_itm * put_change).mean(axis=1),
    }
