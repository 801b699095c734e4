"""Of a database that hangs one finds out for all; a refusal holds nobody up."""

from collections.abc import Callable

import pytest

from app.web.standstill import Standstill
from db.errors import DatabaseUnavailableError, NoConnectionFreeError


class World:
    """A clock that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.still = Standstill(lambda: self.now)

    def ask(
        self,
        error: Exception | None = None,
        waits_s: float = 0.0,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        with self.still.asking():
            self.asked += 1
            meanwhile()
            self.now += waits_s
            if error is not None:
                raise error

    def hang(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        with pytest.raises(DatabaseUnavailableError, match=r"It hangs\."):
            self.ask(DatabaseUnavailableError("It hangs."), 5.0, meanwhile)


def test_after_one_that_waited_in_vain_the_others_are_told_at_once() -> None:
    world = World()
    world.hang()
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError, match=r"It hangs\."):
            world.ask()
    assert world.asked == 1


def test_a_moment_later_one_asks_and_the_others_are_told_meanwhile() -> None:
    world = World()
    world.hang()
    world.now += 3.0

    def others() -> None:
        with pytest.raises(DatabaseUnavailableError):
            world.ask()

    world.hang(others)
    assert world.asked == 2


def test_whoever_is_answered_opens_the_way_for_all() -> None:
    world = World()
    world.hang()
    world.now += 3.0
    world.ask()
    world.ask()
    assert world.asked == 3


def test_a_refusal_and_a_fault_keep_nobody_from_asking() -> None:
    world = World()
    for error in (DatabaseUnavailableError("Refused."), ValueError("a fault of ours")):
        world.hang()
        world.now += 3.0
        with pytest.raises(type(error)):
            world.ask(error)
        world.ask()


def test_a_crowd_that_waits_its_turn_says_nothing_of_the_database() -> None:
    world = World()
    with pytest.raises(NoConnectionFreeError):
        world.ask(NoConnectionFreeError("All are in use."), 5.0)
    world.ask()
    world.hang()
    world.now += 3.0
    with pytest.raises(NoConnectionFreeError):
        world.ask(NoConnectionFreeError("All are in use."), 5.0)
    world.hang()
    with pytest.raises(DatabaseUnavailableError, match=r"It hangs\."):
        world.ask()
