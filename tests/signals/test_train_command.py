"""`python -m app train`: from stored features to a model, a report and an entry in the list."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Connection, Engine, insert, select

from app.cli import train as command
from app.signals.frame import Frame
from app.signals.registry import Registry
from db.engine import engine_for
from db.market.clock import IST
from db.schema import ml_features, training_batches
from db.settings import Settings
from tests.signals.market import frame


def store(connection: Connection, data: Frame, exchange: str = "NSE") -> None:
    names = list(data.columns)
    rows = zip(*(data[name].tolist() for name in names), strict=True)
    instants = (instant.replace(tzinfo=IST) for instant in data.instants.tolist())
    connection.execute(
        insert(ml_features),
        [
            {"exchange": exchange, "timestamp": at, **dict(zip(names, row, strict=True))}
            for at, row in zip(instants, rows, strict=True)
        ],
    )


@pytest.fixture
def engine(database: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database that the command finds, its home being the test's."""
    made = engine_for(database)
    monkeypatch.setattr("db.engine.write_engine", lambda: made)
    monkeypatch.setattr("db.settings.settings", lambda: Settings(home=tmp_path))
    yield made
    made.dispose()


def run(engine: Engine, data: Frame | None, *arguments: str) -> Result:
    if data is not None:
        with engine.begin() as connection:
            store(connection, data)
    return CliRunner().invoke(command.command, ["--exchange", "NSE", "--folds", "1", *arguments])


YEAR = ("--from", "2025-09-01", "--to", "2025-12-31")


def test_what_is_found_is_served_listed_and_reported(engine: Engine, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = run(engine, frame(16, effect=1, seed=0), *YEAR, "--json", str(figures))
    assert done.exit_code == 0, done.output
    assert "Something was found" in done.output
    told = orjson.loads(figures.read_bytes())
    registry = Registry(tmp_path, "NSE")
    assert registry.served_id() == told["id"]
    assert registry.load(told["id"]).horizon_s == 900
    assert (registry.folder / told["id"] / "report.html").exists()
    with engine.connect() as connection:
        batch = connection.execute(select(training_batches)).one()
    assert (batch.exchange, batch.model_hash) == ("NSE", told["hash"])
    assert batch.start_timestamp.date() == date(2025, 9, 1)
    assert (batch.dataset_version, orjson.loads(batch.metadata)["served"]) == (
        told["dataset"],
        True,
    )


def test_noise_is_not_served_unless_forced(engine: Engine, tmp_path: Path) -> None:
    done = run(engine, frame(16, effect=0, seed=1), *YEAR)
    assert done.exit_code == 0, done.output
    assert "nothing to find" in done.output
    assert Registry(tmp_path, "NSE").served_id() is None
    crossing = ("--from", "2025-08-01", "--to", "2025-12-31", "--across")
    forced = run(engine, None, *crossing, "--force")
    assert forced.exit_code == 0
    registry = Registry(tmp_path, "NSE")
    served = registry.served_id()
    assert served is not None
    # a change of the market within the days is no secret
    assert registry.manifest(served)["eras"] == ["2025-09-01"]
    page = (registry.folder / served / "report.html").read_text(encoding="utf-8")
    assert "<td>changes of the market within</td><td>2025-09-01</td>" in page
    # the second try on the same days needs more evidence
    with engine.connect() as connection:
        batches = connection.execute(select(training_batches.c.metadata)).scalars()
        assert sorted(orjson.loads(each)["plan"]["tries"] for each in batches) == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2025-08-01", "--to", "2025-09-30"), "The market changed on 2025-09-01"),
        (("--from", "2025-10-01", "--to", "2025-09-30"), "comes after"),
        (("--from", "2025-09-01", "--to", "2025-09-30"), "No features of NSE are stored"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    engine: Engine, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(engine, None, *arguments)
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert not (tmp_path / "models").exists()
