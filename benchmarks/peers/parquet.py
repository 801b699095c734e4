"""The generated history as Parquet, a file a day, for engines that take it in that way."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.dataset.days import chain_of
from benchmarks.dataset.load import LEGACY_COLUMNS
from benchmarks.dataset.spec import DatasetSpec
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns


def write_parquet(spec: DatasetSpec, folder: Path) -> None:
    """Write the legacy columns of every trading day; NaN becomes NULL."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for day in spec.trading_days:
        chains = [chain_of(spec, exchange, day) for exchange in EXCHANGES]
        table = pa.concat_tables([_table(pa, chain) for chain in chains])
        pq.write_table(table, folder / f"{day:%Y%m%d}.parquet")


def _table(pa: Any, chain: "ChainColumns") -> Any:
    return pa.table({name: _column(pa, chain, name) for name in LEGACY_COLUMNS})


def _column(pa: Any, chain: "ChainColumns", name: str) -> Any:
    if name == "exchange":
        return pa.array(np.repeat(np.array([chain.exchange]), len(chain)).tolist(), pa.string())
    values = getattr(chain, name)
    if values.dtype.kind == "S":
        return pa.array(values).cast(pa.string())
    return pa.array(values, from_pandas=True)
