"""The instrument dump as text, sound or not."""

from app.kite.standin.faults import Fault, Faults
from app.kite.standin.listing import HEADER, Listings

_SHORT = 10
_BAD_ROW = "x86434,58072,NIFTY26AUG"


def dump(listed: Listings, exchange: str | None, faults: Faults) -> str:
    """The dump of one exchange or all, as the faults in force have it."""
    lines = [row.csv() for row in listed.of_exchange(exchange)]
    if faults.holds(Fault.SHORT_DUMP):
        lines = lines[: len(lines) // _SHORT]
    if faults.holds(Fault.EMPTY_DUMP):
        lines = []
    middle = len(lines) // 2
    if faults.holds(Fault.EMPTY_EXPIRY) and lines:
        fields = lines[middle].split(",")
        lines[middle] = ",".join([*fields[:5], "", *fields[6:]])
    if faults.holds(Fault.BAD_ROW):
        lines.insert(middle, _BAD_ROW)
    lines.insert(0, HEADER)
    if faults.holds(Fault.EXTRA_COLUMN):
        lines = [f"{lines[0]},isin", *(f"{line},INE000000000" for line in lines[1:])]
    return "\n".join(lines) + "\n"
