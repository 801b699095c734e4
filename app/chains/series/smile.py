"""The smile of implied volatility of a stored chain: of the close before, or of any instant."""

from datetime import timedelta
from typing import Any

import numpy as np

from app.chains.series.grid import figures
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from app.chains.series.stored import StoredChain

_NOTHING: dict[str, Any] = {"at": None, "expiry": None, "forward": None}
_NAMES = ("iv", "iv_forward")


def smile(reading: Reading) -> Series:
    """IV in percent by strike and side, in both conventions, of the chain that `at` saw.

    Without `at` it is the last chain before the day that is meant: the close of the session before.
    """
    chain = _chain(reading)
    if chain is None:
        names = ("strikes", *(f"{name}_{side}" for name in _NAMES for side in ("ce", "pe")))
        return Series(facts=_NOTHING, columns={name: [] for name in names})
    forward = float(chain.implied.forward)
    columns: dict[str, list[Any]] = {}
    for name, values in (("iv", chain.volatility), ("iv_forward", chain.on_forward)):
        strikes, calls, puts = chain.by_strike(values)
        columns["strikes"] = strikes.tolist()
        columns[f"{name}_ce"], columns[f"{name}_pe"] = figures(calls, 2), figures(puts, 2)
    return Series(
        facts={
            "at": chain.at.isoformat(),
            "expiry": None if chain.expiry is None else chain.expiry.isoformat(),
            "forward": round(forward, 2) if np.isfinite(forward) else None,
        },
        columns=columns,
    )


def _chain(reading: Reading) -> StoredChain | None:
    from db.queries.chain import chain_as_of

    at = reading.asked.at
    if at is None and reading.day is not None:
        at = bounds(reading.day)[0] - timedelta(microseconds=1)
    if at is None:
        return None
    with reading.source.history() as connection:
        rows = chain_as_of(connection, reading.exchange, at)
    return StoredChain.of(rows) if rows else None
