"""What the best bid and ask say."""

import numpy as np

from app.analytics.black_scholes import Floats


def spread(best_bid: Floats, best_ask: Floats) -> Floats:
    """Best ask minus best bid in INR; NaN where either side is unknown."""
    return np.round(best_ask - best_bid, 2)


def imbalance(bid_quantity: Floats, ask_quantity: Floats) -> Floats:
    """(bid − ask) / (bid + ask) quantity, −1 … 1; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (bid_quantity - ask_quantity) / (bid_quantity + ask_quantity)
