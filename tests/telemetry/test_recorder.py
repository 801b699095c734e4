"""Operations are counted off the path of whoever waits, by kind and name, within bounds."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from app.telemetry import recorder as recorders
from app.telemetry import tallies
from app.telemetry.recorder import Recorder
from app.telemetry.tallies import OTHERS, Figures, slowest
from app.telemetry.timing import Operation


@pytest.fixture
def batches() -> list[Sequence[Operation]]:
    return []


@pytest.fixture
def recorder(batches: list[Sequence[Operation]]) -> Iterator[Recorder]:
    made = Recorder(lambda key: 0.1 if key[0] == "route" else float("inf"), [batches.append])
    yield made
    made.close()


def note(recorder: Recorder, name: str, *durations: float, **more: object) -> None:
    for duration in durations:
        recorder.note(Operation("route", name, duration, **more))  # type: ignore[arg-type]


def test_operations_of_a_name_are_summed_up(recorder: Recorder) -> None:
    note(recorder, "GET /", 0.010, 0.020, 0.030, size=100)
    (found,) = recorder.now()
    assert (found.kind, found.name, found.count, found.size) == ("route", "GET /", 3, 300)
    assert found.mean_ms == pytest.approx(20)
    assert found.p50_ms == pytest.approx(20)
    assert found.max_ms == pytest.approx(30)


def test_what_fails_or_takes_longer_than_its_objective_allows_is_bad(recorder: Recorder) -> None:
    note(recorder, "GET /", 0.05, 0.15)
    note(recorder, "GET /", 0.05, failed=True)
    (found,) = recorder.now()
    assert (found.count, found.failures, found.bad) == (3, 1, 2)


def test_without_an_objective_only_failures_are_bad(recorder: Recorder) -> None:
    recorder.note(Operation("step", "bootstrap", 600.0))
    recorder.note(Operation("step", "bootstrap", 1.0, failed=True))
    assert recorder.now()[0].bad == 1


def test_an_interval_holds_what_came_since_the_last_one(recorder: Recorder) -> None:
    note(recorder, "GET /", 0.01)
    assert [each.count for each in recorder.close_interval()] == [1]
    assert recorder.close_interval() == []
    note(recorder, "GET /", 0.01, 0.01)
    assert [each.count for each in recorder.now()] == [3]
    for _ in range(5):
        recorder.close_interval()
    assert recorder.now() == []
    assert [each.count for each in recorder.lately()] == [3]
    assert [each.count for each in recorder.since_start()] == [3]


def test_sinks_are_told_of_every_operation_once(
    recorder: Recorder, batches: list[Sequence[Operation]]
) -> None:
    note(recorder, "GET /", 0.01, 0.02)
    recorder.count()
    note(recorder, "GET /login", 0.03)
    recorder.count()
    assert [each.name for batch in batches for each in batch] == ["GET /", "GET /", "GET /login"]


def test_many_threads_lose_no_operation(recorder: Recorder) -> None:
    def work() -> None:
        note(recorder, "GET /", *([0.001] * 1000))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.since_start()[0].count == 4000


def test_what_finds_no_room_is_counted_as_lost(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "_MOST_WAITING", 2)
    note(recorder, "GET /", 0.01, 0.01, 0.01)
    assert (recorder.since_start()[0].count, recorder.lost) == (2, 1)


def test_names_beyond_a_bound_count_among_others(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "_MOST_KEYS", 2)
    for name in ("a", "b", "c", "d", "c"):
        note(recorder, name, 0.01)
    assert {each.name: each.count for each in recorder.now()} == {"a": 1, "b": 1, OTHERS: 3}


def test_the_values_that_quantiles_are_told_by_are_bounded(recorder: Recorder) -> None:
    note(recorder, "GET /", *(0.001 * (n % 100) for n in range(5000)))
    (found,) = recorder.now()
    assert found.count == 5000
    assert found.p95_ms == pytest.approx(94, abs=8)


def test_the_slowest_are_no_ages() -> None:
    def figures(kind: str, name: str, p95_ms: float) -> Figures:
        return Figures(
            kind=kind,  # type: ignore[arg-type]
            name=name,
            count=1,
            failures=0,
            bad=0,
            total_ms=p95_ms,
            mean_ms=p95_ms,
            p50_ms=p95_ms,
            p95_ms=p95_ms,
            p99_ms=p95_ms,
            max_ms=p95_ms,
            size=None,
        )

    found = [figures("route", f"GET /{n}", n) for n in range(9)] + [figures("age", "chain NSE", 99)]
    assert [each.name for each in slowest(found)] == [f"GET /{n}" for n in (8, 7, 6, 5, 4)]
