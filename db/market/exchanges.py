"""The four exchange keys and the facts of their option chains.

Lot sizes and strike steps as the exchanges set them in August 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from db.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Exchange:
    """One option chain that the product follows; `strike_step` is in index points."""

    key: str
    label: str
    underlying_name: str
    underlying_symbol: str
    options_segment: str
    strike_step: float
    lot_size: int
    is_weekly: bool


EXCHANGES: Mapping[str, Exchange] = MappingProxyType(
    {
        exchange.key: exchange
        for exchange in (
            Exchange("NSE", "NIFTY", "NIFTY 50", "NIFTY", "NFO", 50.0, 65, True),
            Exchange("BSE", "SENSEX", "SENSEX", "SENSEX", "BFO", 100.0, 20, True),
            Exchange("NSE_MONTHLY", "NIFTY M", "NIFTY 50", "NIFTY", "NFO", 50.0, 65, False),
            Exchange(
                "BANKNIFTY_MONTHLY",
                "BANKNIFTY M",
                "NIFTY BANK",
                "BANKNIFTY",
                "NFO",
                100.0,
                30,
                False,
            ),
        )
    }
)


def exchange_named(key: str) -> Exchange:
    """The exchange of that key; raises InvalidInputError that names the known ones."""
    try:
        return EXCHANGES[key]
    except KeyError:
        known = ", ".join(EXCHANGES)
        raise InvalidInputError(f"Unknown exchange {key!r}; known are {known}.") from None
