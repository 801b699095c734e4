"""Thirty days of features as a frame for training: the old program's way, ours, and DuckDB's."""

import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.parts.questions import REQUESTS, Sides
from benchmarks.server.databases import Session
from benchmarks.timing import runner
from benchmarks.timing.statistics import ratio_interval, summarize
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.parameters import Parameters
from db.market.clock import IST

if TYPE_CHECKING:
    import pandas as pd

Frame = Callable[[Parameters], "pd.DataFrame"]

_WORKLOAD = "legacy_training_frame"
_IN_DUCKDB = """
    SELECT * EXCLUDE (exchange)
    FROM ml_features
    WHERE exchange = $exchange
        AND timestamp >= $start
        AND timestamp <= $end
    ORDER BY timestamp
"""


def frames(both: Sides, spec: DatasetSpec, plan: runner.Plan) -> dict[str, Any]:
    """Times of the same features into pandas in each way, as documented by `run --help`."""
    given = WORKLOADS[_WORKLOAD].parameters(spec, count=REQUESTS, seed=spec.seed)
    ways: dict[str, Frame] = {
        "before": partial(_as_before, both.before),
        "ours": partial(_ours, both),
    }
    ours = ways["ours"](given[0])
    known = _as_before(both.before, given[0])
    names = [name for name in ours.columns if name in known.columns]
    if importlib.util.find_spec("duckdb"):
        ways["duckdb"] = _duckdb(both.before, names)
    tasks: dict[str, runner.Task] = {name: _task(way, given) for name, way in ways.items()}
    samples = runner.interleave(tasks, plan)
    ms = {name: summarize(sample.rounds).p50_ms for name, sample in samples.items()}
    before, mine = samples["before"].rounds, samples["ours"].rounds
    return {
        "rows": len(ours),
        "columns": len(names),
        "same_values": all(_is_same(way(given[0]), ours, names) for way in ways.values()),
        "ms": ms,
        "speedup": ms["before"] / ms["ours"],
        "speedup_95": ratio_interval(before, mine, seed=spec.seed),
        "times_duckdb": ms["duckdb"] / ms["ours"] if "duckdb" in ms else None,
    }


def _task(way: Frame, given: Sequence[Parameters]) -> runner.Task:
    return lambda number: way(given[number])


def _as_before(session: Session, given: Parameters) -> "pd.DataFrame":
    """As pandas reads what a driver has made objects of."""
    return _objects(session, WORKLOADS[_WORKLOAD].before, given)


def _objects(session: Session, statement: str, given: Parameters | None) -> "pd.DataFrame":
    import pandas as pd

    with session.cursor() as cursor:
        cursor.execute(statement.encode(), given, prepare=False)
        names = [column.name for column in cursor.description or ()]
        return pd.DataFrame.from_records(cursor.fetchall(), columns=names, coerce_float=True)


def _ours(both: Sides, given: Parameters) -> "pd.DataFrame":
    from db.queries.features import features_frame

    start, end = (given[name].replace(tzinfo=IST) for name in ("start", "end"))
    with both.engine.connect() as connection:
        return features_frame(connection, given["exchange"], start, end)


def _duckdb(session: Session, names: Sequence[str]) -> Frame:
    """In this process and in memory: without a wire, and of the same columns."""
    import duckdb

    kept = _objects(session, "SELECT * FROM ml_features", None)
    engine = duckdb.connect()
    engine.register("kept", kept[["timestamp", "exchange", *names]])
    engine.execute("CREATE TABLE ml_features AS SELECT * FROM kept")
    return lambda given: engine.execute(_IN_DUCKDB, given).df()


def _is_same(found: "pd.DataFrame", ours: "pd.DataFrame", names: Sequence[str]) -> bool:
    import numpy as np

    one, other = (frame[list(names)].to_numpy(dtype=np.float64) for frame in (found, ours))
    return np.array_equal(one, other, equal_nan=True)
