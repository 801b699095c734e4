"""The columns of a chain: what is known of a contract, and under which name it goes where.

One line a column: adding one is one edit. The page, the JSON of `/api/data` and the CSV all read
this table; a name of None keeps a column out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from db.market.limits import CHANGE_MINUTES

if TYPE_CHECKING:
    from db.queries.chain import LatestOption

_MS = 1000
_PRICE_DIGITS = 4


class Contract(NamedTuple):
    """A row of a chain with its place: strikes from ATM (None if unknown)."""

    row: "LatestOption"
    position: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One fact of a contract; `digits` is to what the page is sent it rounded.

    `wire` is its name in messages to the page, `legacy` that in the JSON of `/api/data` (with a
    slash, within a group there), `csv` that in a CSV. What is of the `book` of orders differs with
    each second, and is sent to those pages alone that ask for it.
    """

    take: Callable[[Contract], Any]
    wire: str | None = None
    legacy: str | None = None
    csv: str | None = None
    digits: int | None = None
    book: bool = False

    def shown(self, contract: Contract) -> Any:
        """The value as the page is sent it."""
        value = self.take(contract)
        return value if value is None or self.digits is None else round(value, self.digits)


def _of(field: str) -> Callable[[Contract], Any]:
    return attrgetter(f"row.{field}")


def _everywhere(name: str, field: str | None = None, digits: int | None = None) -> Column:
    return Column(_of(field or name), wire=name, legacy=name, csv=name, digits=digits)


def _of_the_book(name: str) -> Column:
    return Column(_of(name), wire=name, legacy=name, csv=name, book=True)


def _beside_the_page(name: str) -> Column:
    return Column(_of(name), legacy=name, csv=name)


def _oi_time(contract: Contract) -> str:
    """When OI changed last; of one that was not seen to change, when it was told last."""
    return (contract.row.oi_at or contract.row.timestamp).strftime("%H:%M:%S")


def _oi_at_ms(contract: Contract) -> int | None:
    at = contract.row.oi_at
    return None if at is None else int(at.timestamp() * _MS)


def _strike_type(contract: Contract) -> str | None:
    position = contract.position
    if position is None:
        return None
    if position == 0:
        return "atm"
    return "itm" if (position < 0) == (contract.row.option_type == "CE") else "otm"


def _price_difference(contract: Contract) -> float | None:
    traded, theoretical = contract.row.ltp, contract.row.theoretical_price
    if traded is None or theoretical is None:
        return None
    return round(traded - theoretical, _PRICE_DIGITS)


COLUMNS: tuple[Column, ...] = (
    _everywhere("strike"),
    Column(_of("option_type"), wire="side", csv="option_type"),
    _everywhere("symbol"),
    _beside_the_page("token"),
    Column(_of("oi"), wire="oi", legacy="latest_oi", csv="latest_oi"),
    Column(_oi_at_ms, wire="oi_at"),
    Column(_oi_time, legacy="oi_time", csv="oi_time"),
    Column(_strike_type, legacy="strike_type", csv="strike_type"),
    _beside_the_page("moneyness"),
    Column(attrgetter("position"), legacy="position", csv="position"),
    _everywhere("ltp"),
    _of_the_book("best_bid"),
    _of_the_book("best_ask"),
    _of_the_book("bid_quantity"),
    _of_the_book("ask_quantity"),
    _beside_the_page("spread"),
    _beside_the_page("order_book_imbalance"),
    _everywhere("volume"),
    # to the digits that the screen shows: finer ones would change every cell of every second
    _everywhere("iv", digits=1),
    _everywhere("iv_forward", digits=1),
    _everywhere("theoretical_price"),
    Column(_price_difference, legacy="price_diff", csv="price_diff"),
    _everywhere("delta", digits=2),
    _beside_the_page("gamma"),
    _beside_the_page("theta"),
    _beside_the_page("vega"),
    *(
        Column(
            _of(f"pct_change_{n}m"),
            wire=f"pct_{n}m",
            legacy=f"pct_changes/{n}m",
            csv=f"pct_change_{n}m",
            # a tenth is shown; all sixteen digits would be a tenth of what a first visit loads
            digits=3,
        )
        for n in CHANGE_MINUTES
    ),
    *(
        Column(
            _of(f"oi_change_{n}m"),
            wire=f"oi_{n}m",
            legacy=f"abs_changes/{n}m",
            csv=f"oi_change_{n}m",
        )
        for n in CHANGE_MINUTES
    ),
    Column(_of("prev_close_oi"), wire="prev_close_oi", csv="prev_close_oi"),
)

ON_THE_WIRE = tuple(
    sorted((column for column in COLUMNS if column.wire is not None), key=attrgetter("book"))
)
FIELDS = tuple(column.wire for column in ON_THE_WIRE if column.wire is not None)
"""The names of a contract's values in a message, in their order: those of the book are the last."""
BEFORE_BOOK = sum(not column.book for column in ON_THE_WIRE)
"""How many of them come before those of the book."""


def placed(
    rows: "tuple[LatestOption, ...]", atm: float | None, step: float
) -> "tuple[Contract, ...]":
    """The contracts of a chain with their places around ATM."""
    return tuple(
        Contract(row, None if atm is None else round((row.strike - atm) / step)) for row in rows
    )
