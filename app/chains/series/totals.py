"""What series over minutes and over days tell alike, made of the rollups' totals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from db.queries.pcr import OiTotal

_DIGITS = 4


def columns_of(totals: "Sequence[OiTotal]") -> dict[str, list[Any]]:
    """PCR, open interest, index and premium: one entry a total, unknown is None."""
    return {
        "pcr": [rounded(row.pcr, _DIGITS) for row in totals],
        "pcr_volume": [rounded(row.pcr_volume, _DIGITS) for row in totals],
        "oi_ce": [row.oi_ce for row in totals],
        "oi_pe": [row.oi_pe for row in totals],
        "index": [row.underlying_close for row in totals],
        "premium": [_difference(row.future_close, row.underlying_close) for row in totals],
    }


def rounded(value: float | None, digits: int) -> float | None:
    """None stays None."""
    return None if value is None else round(value, digits)


def _difference(minuend: float | None, subtrahend: float | None) -> float | None:
    """To the paisa; None where either is unknown."""
    return None if minuend is None or subtrahend is None else round(minuend - subtrahend, 2)
