"""What the simulated market was at any moment: a function of the moment alone."""

from datetime import datetime, timedelta

from app.feeds.simulate.feed import DEFAULT_SEED, snapshot_at

Legs = dict[tuple[float, str], int | None]
"""Open interest by strike and side; None where nobody knows it."""

# a snapshot of a mark is the first state at or after it, or one up to three seconds later
_LATEST_S = 3


def is_true(exchange: str, at: datetime, legs: Legs) -> bool:
    """Whether a chain of that market time (aware) is as the market was then."""
    return any(legs == legs_at(exchange, at + timedelta(seconds=n)) for n in range(_LATEST_S + 1))


def legs_at(exchange: str, at: datetime) -> Legs:
    """Every contract of the chain at a moment."""
    options = snapshot_at(DEFAULT_SEED, exchange, at).options
    sides = [side.decode() for side in options.option_type.tolist()]
    known = (None if oi < 0 else oi for oi in options.oi.tolist())
    return dict(zip(zip(options.strike.tolist(), sides, strict=True), known, strict=True))


def near_the_money(exchange: str, at: datetime) -> str:
    """The symbol of a contract that is traded then."""
    chain = snapshot_at(DEFAULT_SEED, exchange, at)
    distances = abs(chain.options.strike - (chain.underlying_price or 0.0))
    return bytes(chain.options.symbol[int(distances.argmin())]).decode()
