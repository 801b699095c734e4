"""What was counted is stored in batches, waits for a database that is away, and makes alerts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL, Connection, Engine

from app.desk.paper.reading import EngineBooks
from app.telemetry import samples as module
from app.telemetry import timing
from app.telemetry.alarms import Alarms, Burning
from app.telemetry.objectives import Objective, Objectives
from app.telemetry.recorder import Recorder
from app.telemetry.samples import Sampler
from app.telemetry.timing import Operation
from app.telemetry.upkeep import Upkeep
from db.errors import DatabaseUnavailableError
from db.ingest.performance import Sample, write_samples
from db.notices import CHANNEL
from db.queries import performance
from db.timescale.maintenance import run_due
from tests.support.databases import connection as session_of
from tests.support.waiting import eventually

DATA = Objective("data", "Data", "route", "GET /data", 20, 0.99)
OBJECTIVES = Objectives((DATA,))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder(OBJECTIVES.within_s)
    yield made
    made.close()


def note(recorder: Recorder, *durations: float) -> None:
    for duration in durations:
        recorder.note(Operation("route", DATA.name, duration, size=10))


def a_sample(ago: timedelta = timedelta(0), **changes: object) -> Sample:
    known = {
        "sampled_at": datetime.now(UTC) - ago,
        "service": "web",
        "process": "here:1",
        "kind": "route",
        "name": DATA.name,
        "operations": 100,
        "failures": 0,
        "bad": 0,
        "total_ms": 500.0,
        "max_ms": 40.0,
        "p95_ms": 9.0,
        "size": None,
    }
    return Sample(**{**known, **changes})  # type: ignore[arg-type]


def test_an_interval_is_stored_as_a_row_a_name(books: EngineBooks, recorder: Recorder) -> None:
    sampler = Sampler(recorder, "web", books.writing)
    note(recorder, 0.010, 0.030)
    sampler.sample()
    with books.newest() as connection:
        (found,) = performance.latest_samples(connection)
    assert (found.service, found.kind, found.name) == ("web", "route", DATA.name)
    assert (found.operations, found.failures, found.bad, found.size) == (2, 0, 1, 20)
    assert found.total_ms == pytest.approx(40)
    assert found.max_ms == pytest.approx(30)
    sampler.sample()
    with books.newest() as connection:
        assert len(performance.latest_samples(connection)) == 1


def test_samples_wait_for_a_database_that_is_away_the_newest_of_them(
    books: EngineBooks, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    @contextmanager
    def writing() -> Iterator[Connection]:
        if is_away:
            raise DatabaseUnavailableError("The database does not answer.")
        with books.writing() as connection:
            yield connection

    monkeypatch.setattr(module, "MOST_WAITING", 3)
    sampler = Sampler(recorder, "web", writing)
    for size in range(1, 6):
        note(recorder, *([0.001] * size))
        with pytest.raises(DatabaseUnavailableError):
            sampler.sample()
    assert sampler.waiting == 3
    is_away = False
    sampler.sample()
    assert sampler.waiting == 0
    with books.newest() as connection:
        assert performance.latest_samples(connection)[0].operations == 3 + 4 + 5


def test_an_interval_ends_although_a_probe_fails(
    books: EngineBooks, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[int] = []

    def probe() -> None:
        looks.append(1)
        if len(looks) < 3:
            raise DatabaseUnavailableError("The database does not answer.")

    sampler = Sampler(recorder, "web", books.writing, probe=probe, interval_s=0.01)
    note(recorder, 0.001)
    sampler.start()
    eventually(lambda: len(looks) > 3)
    sampler.close()
    with books.newest() as connection:
        assert performance.latest_samples(connection)[0].operations == 1
    assert [record.getMessage() for record in caplog.records] == [
        "samples are not stored: The database does not answer.",
        "samples are stored again",
    ]


def test_rollups_hold_what_samples_held(books: EngineBooks) -> None:
    with books.writing() as connection:
        write_samples(connection, [a_sample(bad=2), a_sample(operations=50, max_ms=70.0)])
    with books.newest() as connection:
        (day,) = performance.totals_of_day(connection)
        (month,) = performance.totals_of_month(connection)
        (hour,) = performance.totals_of_hour(connection)
    assert (day.operations, day.bad) == (month.operations, month.bad) == (150, 2)
    assert (hour.operations, hour.late_operations, hour.late_bad) == (150, 150, 2)


def test_trends_are_told_in_steps_back_from_now(books: EngineBooks) -> None:
    with books.writing() as connection:
        write_samples(
            connection,
            [a_sample(timedelta(minutes=10, seconds=30), p95_ms=8.0), a_sample(p95_ms=4.0)],
        )
    with books.newest() as connection:
        hour = {each.steps_ago: each.p95_ms for each in performance.trend_of_hour(connection)}
        day = performance.trend_of_day(connection)
    assert hour == {10: 8.0, 0: 4.0}
    assert max(each.p95_ms or 0 for each in day) == 8.0


def test_a_day_is_held_against_the_same_day_of_last_week(books: EngineBooks) -> None:
    week = timedelta(days=7, hours=4)
    with books.writing() as connection:
        write_samples(
            connection,
            [
                a_sample(timedelta(hours=4), total_ms=1000.0),
                a_sample(week, total_ms=400.0),
                a_sample(timedelta(hours=4), name="GET /rare", operations=5),
                a_sample(week, name="GET /rare", operations=5),
            ],
        )
    with books.newest() as connection:
        (found,) = performance.weeks(connection, least=10)
    assert (found.name, found.mean_ms, found.mean_ms_before) == (DATA.name, 10.0, 4.0)


def test_who_notices_first_tells_that_an_objective_burns_and_when_no_more(
    books: EngineBooks, database: URL
) -> None:
    rung: list[Burning] = []
    first, second = (Alarms(OBJECTIVES, books, rung.append) for _ in range(2))
    with session_of(database) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        with books.writing() as connection:
            write_samples(connection, [a_sample(bad=50)])
        first.look()
        second.look()
        second.look()
        assert [(each.objective, each.is_over) for each in rung] == [("data", False)]
        assert "50 of 100 in the last hour" in rung[0].sentence
        assert [each.objective for each in second.open] == ["data"]
        with books.writing() as connection:
            # written anew, as what is older may be in a chunk of the day before
            connection.exec_driver_sql("DELETE FROM performance_samples")
            write_samples(connection, [a_sample(timedelta(minutes=20), bad=50)])
        second.look()
        first.look()
        assert [each.is_over for each in rung] == [False, True]
        first.look()
        assert first.open == ()
        heard = [note.payload for note in listening.notifies(timeout=10, stop_after=2)]
    assert '"burning":1' in heard[0]
    assert '"burning":0' in heard[1]


def test_an_objective_that_was_taken_out_burns_no_more(books: EngineBooks) -> None:
    with books.writing() as connection:
        write_samples(connection, [a_sample(bad=50)])
    Alarms(OBJECTIVES, books).look()
    rest = Alarms(Objectives(()), books)
    rest.look()
    rest.look()
    assert rest.open == ()


def test_refreshes_of_rollups_are_timed_as_they_end(books: EngineBooks, engine: Engine) -> None:
    with books.newest() as connection:
        # what TimescaleDB runs itself it alone notes down
        assert performance.refreshes(connection) == ()
    if not run_due(engine, all_now=True):
        return
    heard: list[Operation] = []
    end = timing.listen(heard.append)
    upkeep = Upkeep(books)
    upkeep.look()
    assert {each.name for each in heard} >= {"rollup oi_1m", "rollup performance_5m"}
    assert {each.kind for each in heard} == {"age"}
    heard.clear()
    run_due(engine, all_now=True)
    upkeep.look()
    end()
    assert {each.name for each in heard if each.kind == "step"} >= {"refresh oi_1m"}
