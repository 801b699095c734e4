"""Net gamma by strike, and where it changes its sign: of the newest chain, or of any instant."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.analytics.features import flip_level, gamma_exposure
from app.analytics.open_interest import known_total
from app.chains.carry import carry_before, is_wanted, known_index
from app.chains.series.grid import figures
from app.chains.series.made import Series
from app.chains.series.reading import Reading
from app.chains.series.stored import StoredChain

if TYPE_CHECKING:
    from db.queries.chain import LatestOption, StoredOption

_NOTHING = {"at": None, "flip": None, "net_total": None, "spot": None}


def gamma(reading: Reading) -> Series:
    """Exposure by strike in INR for 1 % of the index, calls bought by dealers and puts sold.

    What the feature `net_gamma_exposure` sums up, of volatility as it is stored.
    """
    rows = _rows(reading)
    if not rows:
        return Series(facts=_NOTHING, columns={name: [] for name in ("strikes", "ce", "pe", "net")})
    chain = StoredChain.of(rows, _carry(reading, rows))
    exposure = gamma_exposure(chain.is_call, chain.oi, chain.gamma, np.array(chain.spot))
    strikes, calls, puts = chain.by_strike(exposure)
    flip, total = float(flip_level(chain.strike, exposure)), float(known_total(exposure))
    return Series(
        facts={
            "at": chain.at.isoformat(),
            "flip": flip if np.isfinite(flip) else None,
            "net_total": round(total) if np.isfinite(total) else None,
            "spot": round(chain.spot, 2) if np.isfinite(chain.spot) else None,
        },
        columns={
            "strikes": strikes.tolist(),
            "ce": figures(calls),
            "pe": figures(puts),
            "net": figures(known_total(np.stack([calls, puts], axis=-1))),
        },
    )


def _rows(reading: Reading) -> "Sequence[LatestOption | StoredOption]":
    if reading.asked.at is None:
        return reading.state.chain.rows
    from db.queries.chain import chain_as_of

    with reading.source.history() as connection:
        return chain_as_of(connection, reading.exchange, reading.asked.at)


def _carry(reading: Reading, rows: "Sequence[LatestOption | StoredOption]") -> float:
    at = max(row.timestamp for row in rows)
    if not is_wanted(at, known_index(rows)):
        return np.nan
    with reading.source.history() as connection:
        return carry_before(connection, reading.exchange, at)
