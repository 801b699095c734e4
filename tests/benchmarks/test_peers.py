"""The other engines' own words for each question return the legacy SQL's rows."""

from pathlib import Path

import pytest

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.filled import BASELINE
from benchmarks.dataset.load import load
from benchmarks.peers.embedded import embedded, installed
from benchmarks.peers.parquet import write_parquet
from benchmarks.peers.postgres import LegacySql
from benchmarks.server.databases import session
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.equality import first_difference, projected
from db import migrate

SPEC = DatasetSpec(days=2, strikes=5)


@pytest.mark.skipif(not installed(), reason="neither DuckDB nor chdb is installed")
def test_embedded_engines_return_the_same_rows(empty_database, tmp_path: Path):
    migrate.upgrade(empty_database, BASELINE)
    write_parquet(SPEC, tmp_path)
    with session(empty_database) as plain, embedded(tmp_path) as engines:
        load(plain, SPEC)
        legacy = LegacySql("plain tables", plain)
        assert len(engines) == len(installed())
        for workload in WORKLOADS.values():
            if workload.after is None:
                continue
            for given in workload.parameters(SPEC, count=2, seed=7):
                expected = projected(legacy.rows(workload, given), workload.columns)
                assert expected, workload.name
                for engine in engines:
                    found = projected(engine.rows(workload, given), workload.columns)
                    assert first_difference(expected, found) is None, (engine.name, workload.name)
