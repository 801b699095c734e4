"""CSV that a spreadsheet takes for nothing but figures; a chain is one line a contract."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from app.chains.columns import COLUMNS
from app.chains.state import Chain

# facts of the head line that stand in every line
_REPEATED = {
    "timestamp": "last_update",
    "exchange": "exchange",
    "expiry": "expiry",
    "underlying_price": "underlying_price",
}
_REPEATED_LAST = {
    "future_price": "underlying_future_price",
    "forward": "forward",
    "source": "source",
}
_NAMED = tuple((column.csv, column.take) for column in COLUMNS if column.csv is not None)
_HEADING = (*_REPEATED, *(name for name, _ in _NAMED), *_REPEATED_LAST)
# a spreadsheet takes a text that begins so for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Rows under a heading; unknown is empty, and no text is executed by a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return text.getvalue()


def chain_csv(chain: Chain) -> str:
    """All contracts by strike and side under a heading; unknown is empty."""
    first = [chain.facts[name] for name in _REPEATED.values()]
    last = [chain.facts[name] for name in _REPEATED_LAST.values()]
    return csv_text(
        _HEADING,
        ([*first, *(take(contract) for _, take in _NAMED), *last] for contract in chain.contracts),
    )


def file_name(chain: Chain) -> str:
    """A name that says of which exchange and market time the file is."""
    stamp = (chain.facts["last_update"] or "empty")[:19].replace(":", "")
    return f"{chain.exchange}_{stamp}.csv"


def _safe(value: Any) -> Any:
    """Texts that a spreadsheet would execute get an apostrophe; what is no number is unknown.

    Numbers have no exponent: not every reader knows one.
    """
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f") if isfinite(value) else None
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
