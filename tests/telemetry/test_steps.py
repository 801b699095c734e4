"""Steps of start-up: side by side, what needs another after it, failures tried again."""

import threading
from collections.abc import Iterator

import pytest

from app.telemetry import steps as module
from app.telemetry.steps import Steps, Tell
from db.errors import DatabaseUnavailableError, InvalidInputError
from tests.support.waiting import eventually


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.001)
    made = Steps()
    yield made
    made.close()


def states(steps: Steps) -> dict[str, str]:
    return {each["name"]: each["state"] for each in steps.shown()}


def test_a_step_begins_when_what_it_needs_is_done(steps: Steps) -> None:
    gate, order = threading.Event(), []

    def first(_: Tell) -> None:
        gate.wait(30)
        order.append("first")

    steps.add("first", first)
    steps.add("second", lambda _: order.append("second"), needs=["first"])
    steps.start()
    assert states(steps)["second"] == "waiting"
    gate.set()
    eventually(lambda: steps.is_done)
    assert order == ["first", "second"]


def test_no_step_waits_for_one_that_it_does_not_need(steps: Steps) -> None:
    gate = threading.Event()
    steps.add("slow", lambda _: gate.wait(30) and None)
    steps.add("other", lambda _: None)
    steps.start()
    eventually(lambda: states(steps)["other"] == "done")
    assert states(steps)["slow"] == "running"
    gate.set()


def test_a_failed_step_says_why_and_is_tried_again_by_itself(steps: Steps) -> None:
    fails = [DatabaseUnavailableError("The database does not answer."), OSError("no")]

    def step(_: Tell) -> None:
        if fails:
            raise fails.pop()

    steps.add("database", step)
    steps.start()
    eventually(lambda: steps.is_done)
    (shown,) = steps.shown()
    assert (shown["attempts"], shown["problem"]) == (3, None)
    assert shown["took_ms"] >= 0


def test_a_failed_step_is_tried_at_once_when_somebody_asks(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 600.0)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 600.0)
    is_there = threading.Event()

    def step(_: Tell) -> None:
        if not is_there.is_set():
            raise DatabaseUnavailableError("The database does not answer.")

    steps.add("database", step)
    steps.add("chains", lambda _: None, needs=["database"])
    steps.start()
    eventually(lambda: states(steps)["database"] == "failed")
    assert steps.shown()[0]["problem"] == "The database does not answer."
    assert states(steps)["chains"] == "waiting"
    is_there.set()
    steps.retry("database")
    eventually(lambda: steps.is_done)
    with pytest.raises(InvalidInputError, match="no failed step 'database'"):
        steps.retry("database")


def test_progress_is_told_while_a_step_runs(steps: Steps) -> None:
    gate = threading.Event()

    def step(tell: Tell) -> None:
        tell(1, 4)
        gate.wait(30)

    steps.add("chains", step)
    assert steps.shown()[0]["progress"] is None
    steps.start()
    eventually(lambda: steps.shown()[0]["progress"] == 0.25)
    gate.set()


def test_what_is_closed_ends_what_waits(steps: Steps) -> None:
    def step(_: Tell) -> None:
        raise OSError("never")

    steps.add("one", step)
    steps.add("two", lambda _: None, needs=["one"])
    steps.start()
    steps.close()
    eventually(lambda: not any(thread.name.startswith("step-") for thread in threading.enumerate()))
    steps.start()
    assert states(steps)["two"] == "waiting"


def test_a_step_cannot_need_what_is_not_there(steps: Steps) -> None:
    with pytest.raises(ValueError, match="needs nothing"):
        steps.add("one", lambda _: None, needs=["nothing"])
