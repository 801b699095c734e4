"""Which series there are, by name, and what may be asked of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.chains.series.made import Series
from app.chains.series.reading import Reading


@dataclass(frozen=True, slots=True)
class Kind:
    """How one is made, which words of an address it understands, and whether it is the state's.

    A series of the state changes with it; the others change with the market's minute.
    """

    make: Callable[[Reading], Series]
    wanted: frozenset[str]
    of_state: bool = False


# arrays and their library are loaded by the first series, not by the login page
def _day(reading: Reading) -> Series:
    from app.chains.series.day import day_series

    return day_series(reading)


def _levels(reading: Reading) -> Series:
    from app.chains.series.levels import levels

    return levels(reading)


def _contract(reading: Reading) -> Series:
    from app.chains.series.contract import one_contract

    return one_contract(reading)


def _straddle(reading: Reading) -> Series:
    from app.chains.series.contract import straddle

    return straddle(reading)


def _heat(reading: Reading) -> Series:
    from app.chains.series.heat import heat

    return heat(reading)


def _days(reading: Reading) -> Series:
    from app.chains.series.days import multi_day

    return multi_day(reading)


def _smile(reading: Reading) -> Series:
    from app.chains.series.smile import smile

    return smile(reading)


def _gamma(reading: Reading) -> Series:
    from app.chains.series.gamma import gamma

    return gamma(reading)


def _signals(reading: Reading) -> Series:
    from app.chains.series.signals import told

    return told(reading)


KINDS: Mapping[str, Kind] = {
    "day": Kind(_day, frozenset({"day"})),
    "levels": Kind(_levels, frozenset({"day"})),
    "contract": Kind(_contract, frozenset({"strike", "side", "day"})),
    "straddle": Kind(_straddle, frozenset({"strikes", "day"})),
    "heat": Kind(_heat, frozenset({"day", "around"})),
    "days": Kind(_days, frozenset({"day", "days"})),
    "smile": Kind(_smile, frozenset({"at", "day"})),
    "gamma": Kind(_gamma, frozenset({"at"}), of_state=True),
    "signals": Kind(_signals, frozenset({"day"})),
}
