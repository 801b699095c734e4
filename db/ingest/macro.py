"""Rows of the market around the chain, as the legacy tables hold them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert

from db.schema import macro_signals, vix_term_structure

Figures = Mapping[str, float | None]


def write_macro(
    connection: Connection, exchange: str, at: datetime, signals: Figures, structure: Figures
) -> None:
    """A row each of macro_signals and vix_term_structure; none of a table without a figure."""
    key = {"exchange": exchange, "timestamp": at}
    if _is_any_known(signals):
        connection.execute(insert(macro_signals), {**key, **signals})
    if _is_any_known(structure):
        connection.execute(insert(vix_term_structure), {**key, **structure, "source": "kite"})


def _is_any_known(figures: Figures) -> bool:
    return any(value is not None for value in figures.values())
