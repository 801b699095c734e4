"""Operations are timed by name in any thread, nested, and cost nothing while nobody listens."""

import threading
from collections.abc import Iterator

import pytest

from app.telemetry import timing
from app.telemetry.timing import Operation, timed


@pytest.fixture
def heard() -> Iterator[list[Operation]]:
    found: list[Operation] = []
    end = timing.listen(found.append)
    yield found
    end()


def test_a_block_is_timed_under_its_name_with_its_size(heard: list[Operation]) -> None:
    with timed("read") as step:
        step.size = 3
    (operation,) = heard
    assert (operation.kind, operation.name, operation.failed, operation.size) == (
        *("step", "read"),
        *(False, 3),
    )
    assert operation.duration_s > 0


def test_what_raises_counts_as_failed_and_still_raises(heard: list[Operation]) -> None:
    with pytest.raises(ValueError, match="no"), timed("read"):
        raise ValueError("no")
    assert heard[0].failed


def test_a_decorated_function_is_timed_at_each_call(heard: list[Operation]) -> None:
    @timed("twice")
    def twice(number: int) -> int:
        return 2 * number

    assert [twice(1), twice(2)] == [2, 4]
    assert [each.name for each in heard] == ["twice", "twice"]


def test_steps_within_steps_end_first_and_know_where_they_are(heard: list[Operation]) -> None:
    with timed("outer"):
        with timed("inner"):
            assert timing.within() == ("outer", "inner")
        assert timing.within() == ("outer",)
    assert timing.within() == ()
    assert [each.name for each in heard] == ["inner", "outer"]
    assert heard[0].duration_s <= heard[1].duration_s


def test_threads_do_not_see_each_others_steps(heard: list[Operation]) -> None:
    meet = threading.Barrier(4)
    seen: list[tuple[str, ...]] = []

    @timed("in a thread")
    def work() -> None:
        meet.wait(30)
        seen.append(timing.within())

    threads = [threading.Thread(target=work) for _ in range(4)]
    with timed("main"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [("in a thread",)] * 4
    assert len(heard) == 5


def test_who_has_ended_listening_hears_nothing() -> None:
    found: list[Operation] = []
    timing.listen(found.append)()
    with timed("read"):
        pass
    assert found == []
