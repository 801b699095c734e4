"""What is kept: made once for a crowd, made anew when it is old, the least used given up."""

import threading
import time

import pytest

from app.chains.kept import Kept

CROWD = 8


def test_a_value_holds_for_its_time() -> None:
    now = [0.0]
    kept: Kept[int] = Kept(2, lambda: now[0])
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [kept.get("a", 10.0, make), kept.get("a", 10.0, make)] == [0, 0]
    now[0] = 10.0
    assert kept.get("a", 10.0, make) == 1


def test_the_least_used_is_given_up() -> None:
    kept: Kept[str] = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, 60.0, lambda key=key: key)
    assert len(kept) == 2
    assert kept.get("a", 60.0, lambda: "made anew") == "a"
    assert kept.get("b", 60.0, lambda: "made anew") == "made anew"


def test_a_failure_is_not_kept() -> None:
    kept: Kept[str] = Kept(2)

    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("a", 60.0, fail)
    assert kept.get("a", 60.0, lambda: "found") == "found"


def test_a_crowd_makes_a_value_once() -> None:
    kept: Kept[int] = Kept(2)
    made: list[int] = []

    def make() -> int:
        made.append(1)
        flight = next(iter(kept._flights._flights.values()))
        while len(flight.outcome._condition._waiters) < CROWD - 1:
            time.sleep(0.001)
        return len(made)

    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(kept.get("a", 60.0, make)))
        for _ in range(CROWD)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, made) == ([1] * CROWD, [1])
