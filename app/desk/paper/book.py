"""What fills of one contract come to: units held, what they cost on average, what was realised."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """`units` > 0 is long, < 0 short; `average_price` INR a unit (None when flat), `realised` INR.

    Average cost: what is closed is closed at the average price of what was open; what goes beyond
    zero opens anew at its own price.
    """

    units: int = 0
    average_price: float | None = None
    realised: float = 0.0

    def after(self, units: int, price: float) -> "Holding":
        """The holding once so many units more (sold: < 0) were dealt at a price."""
        average = 0.0 if self.average_price is None else self.average_price
        held = self.units + units
        if self.units * units >= 0:
            paid = average * abs(self.units) + price * abs(units)
            return Holding(held, paid / abs(held) if held else None, self.realised)
        closed = min(abs(units), abs(self.units)) * (1 if self.units > 0 else -1)
        realised = self.realised + (price - average) * closed
        if held == 0:
            return Holding(0, None, realised)
        return Holding(held, average if held * self.units > 0 else price, realised)


def unrealised(holding: Holding, exit_price: float | None) -> float | None:
    """INR that closing at this price would realise; None while the price is unknown."""
    if holding.average_price is None:
        return 0.0
    return None if exit_price is None else (exit_price - holding.average_price) * holding.units
