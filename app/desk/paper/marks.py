"""What is held, at the prices at which it could be closed now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import nan

from app.analytics.black_scholes import YEAR_S
from app.desk.paper.book import Holding, unrealised
from app.desk.paper.payoff import Held
from app.desk.paper.quotes import Contract, Greeks, Quote, market_moment
from db.market.calendar import expiry_instant
from db.queries.paper import PaperPosition


@dataclass(frozen=True, slots=True)
class Mark:
    """A position and its contract's newest quote; None of what is unknown.

    What is long is marked at the bid, what is short at the ask: the price of closing it. `greeks`
    are those of all its units. One that `has_expired` waits for the close of its index.
    """

    position: PaperPosition
    quote: Quote | None
    has_expired: bool = False

    @property
    def exit_price(self) -> float | None:
        """INR a unit at which it could be closed."""
        if self.quote is None:
            return None
        price = self.quote.bid if self.position.units > 0 else self.quote.ask
        return price if price is not None and price > 0 else None

    @property
    def mtm(self) -> float | None:
        """INR that closing it now would realise."""
        held = Holding(self.position.units, self.position.average_price)
        return unrealised(held, self.exit_price)

    @property
    def greeks(self) -> Greeks:
        """Of all units."""
        one = Greeks() if self.quote is None else self.quote.greeks
        units = self.position.units
        return Greeks(
            *(
                None if each is None else each * units
                for each in (one.delta, one.gamma, one.theta, one.vega)
            )
        )


def total(values: Iterable[float | None]) -> float | None:
    """The sum; None as soon as one of them is unknown."""
    known = list(values)
    return None if any(each is None for each in known) else sum(each or 0.0 for each in known)


def summed(greeks: Sequence[Greeks]) -> Greeks:
    """Greeks of positions on one underlying together."""
    return Greeks(
        delta=total(each.delta for each in greeks),
        gamma=total(each.gamma for each in greeks),
        theta=total(each.theta for each in greeks),
        vega=total(each.vega for each in greeks),
    )


def held_of(
    contract: Contract, units: int, cost: float, quote: Quote | None, now: datetime
) -> Held:
    """What payoff and margin know of some units of a contract."""
    moment = now if quote is None else market_moment(quote, now)
    left_s = (expiry_instant(contract.expiry) - moment).total_seconds()
    volatility = None if quote is None else quote.iv_forward
    forward = None if quote is None else quote.forward
    return Held(
        is_call=contract.option_type == "CE",
        strike=contract.strike,
        units=units,
        cost=cost,
        years=max(0.0, left_s / YEAR_S),
        forward=nan if forward is None else forward,
        volatility=nan if volatility is None else volatility / 100.0,
    )
