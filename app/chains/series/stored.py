"""A chain of any instant as arrays, with what its own prices imply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from app.analytics.black_scholes import Bools, Floats, greeks, years_to_expiry
from app.analytics.forward import Parity, levels, parity, usable
from app.analytics.implied_volatility import implied_volatility
from db.market.calendar import seconds_to_expiry

if TYPE_CHECKING:
    from db.queries.chain import LatestOption, StoredOption

_PERCENT = 100


@dataclass(frozen=True, slots=True, eq=False)
class StoredChain:
    """Arrays (contracts,); NaN is unknown. `years` is to the expiry of each contract."""

    at: datetime
    expiry: date | None
    strike: Floats
    is_call: Bools
    oi: Floats
    volatility: Floats
    price: Floats
    years: Floats
    index: float
    implied: Parity
    carry: float

    @classmethod
    def of(
        cls, rows: "Sequence[LatestOption | StoredOption]", carry: float = np.nan
    ) -> "StoredChain":
        """The rows of one chain, at least one of them; see `levels` for the `carry`."""
        at, left = max(row.timestamp for row in rows), [_seconds(row) for row in rows]
        strike = _floats([row.strike for row in rows])
        is_call = np.array([row.option_type == "CE" for row in rows])
        price, bid, ask = (
            _floats([getattr(row, name) for row in rows])
            for name in ("ltp", "best_bid", "best_ask")
        )
        years = years_to_expiry(left)
        nearest = np.nanmin(years) if np.isfinite(years).any() else np.nan
        return cls(
            at=at,
            expiry=rows[0].expiry,
            strike=strike,
            is_call=is_call,
            oi=_floats([row.oi for row in rows]),
            volatility=_floats([row.iv for row in rows]),
            price=price,
            years=years,
            index=float(_floats([rows[0].underlying_price])[0]),
            implied=usable(parity(strike, is_call, price, bid, ask, nearest)),
            carry=carry,
        )

    @property
    def on_forward(self) -> Floats:
        """Volatility on the chain's own forward, in percent."""
        undiscounted = self.price / self.implied.discount
        return _PERCENT * implied_volatility(
            self.is_call, undiscounted, self.implied.forward, self.strike, self.years, 0.0
        )

    @property
    def spot(self) -> float:
        """What the contracts were valued at."""
        nearest = float(self.years.min())
        return levels(self.at, self.index, float(self.implied.forward), nearest, self.carry)[0]

    @property
    def gamma(self) -> Floats:
        """Gamma of one unit by the volatility that is stored, on the spot it was found with."""
        found = greeks(self.is_call, self.spot, self.strike, self.years, self.volatility / _PERCENT)
        return found.gamma

    def by_strike(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """The strikes, ascending, and the values of their calls and puts."""
        strikes = np.unique(self.strike)
        sides = []
        for chosen in (self.is_call, ~self.is_call):
            placed = np.full(len(strikes), np.nan)
            placed[np.searchsorted(strikes, self.strike[chosen])] = values[chosen]
            sides.append(placed)
        return strikes, sides[0], sides[1]


def _seconds(row: "LatestOption | StoredOption") -> float:
    """To the expiry as this product counts it; of a row without one as whoever wrote it did."""
    if row.expiry is not None:
        return float(seconds_to_expiry(row.expiry, row.timestamp))
    left = row.time_to_expiry_seconds
    return np.nan if left is None else float(left)


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array(values, dtype=np.float64)
