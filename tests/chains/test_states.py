"""One read for all who ask, an outage told to all at once, and one chain's fault to its own."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.chains import states as states_module
from app.chains.state import ChainFaultError, ChainState
from app.chains.states import ChainStates
from db.errors import DatabaseUnavailableError, InvalidInputError
from tests.support.chain_states import MARKET_TIME, chain, state

AWAY = "The database does not answer: connection refused."
CROWD = 16


class Database:
    """Counts reads; each is answered by `answer`, which may wait or raise."""

    def __init__(self, answer: Callable[[str], ChainState]) -> None:
        self.answer = answer
        self.reads: list[str] = []

    @contextlib.contextmanager
    def newest(self) -> Iterator["Database"]:
        yield self

    def read(self, exchange: str) -> ChainState:
        self.reads.append(exchange)
        return self.answer(exchange)


@pytest.fixture(autouse=True)
def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        states_module, "read_state", lambda connection, exchange: connection.read(exchange)
    )


def waiting(states: ChainStates, exchange: str) -> int:
    """How many share the read that is under way."""
    flight = states._flights._flights.get(exchange)
    return 0 if flight is None else len(flight.outcome._condition._waiters)


def crowd(states: ChainStates, size: int, exchange: str = "NSE") -> list[ChainState | Exception]:
    """What as many threads get that ask for one exchange while one of them reads it."""
    answers: list[ChainState | Exception] = []

    def ask() -> None:
        try:
            answers.append(states.current(exchange))
        except DatabaseUnavailableError as error:
            answers.append(error)

    threads = [threading.Thread(target=ask) for _ in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_an_outage_costs_one_read_however_many_wait_for_it() -> None:
    def fail(exchange: str) -> ChainState:
        while waiting(states, exchange) < CROWD - 1:
            time.sleep(0.001)
        raise DatabaseUnavailableError(AWAY)

    database = Database(fail)
    states = ChainStates(database)
    answers = crowd(states, CROWD)
    assert database.reads == ["NSE"]
    assert [str(answer) for answer in answers] == [AWAY] * CROWD


def test_the_markets_clock_is_that_of_a_replay_where_one_is_shown() -> None:
    database = Database(lambda exchange: state(1, {100.0: 10}, source="replayed"))
    states = ChainStates(database)
    assert states.clock("NSE") > MARKET_TIME
    states.current("NSE")
    assert states.clock("NSE") == MARKET_TIME
    assert states.clock("BSE") > MARKET_TIME
    assert database.reads == ["NSE"]


def test_a_crowd_makes_one_read() -> None:
    def found(exchange: str) -> ChainState:
        while waiting(states, exchange) < CROWD - 1:
            time.sleep(0.001)
        return state(1, {100.0: 10})

    database = Database(found)
    states = ChainStates(database)
    assert {answer.order for answer in crowd(states, CROWD)} == {(0, 1)}
    assert database.reads == ["NSE"]


def test_an_announcement_during_a_read_is_not_answered_with_its_result() -> None:
    began, goes_on = threading.Event(), threading.Event()
    sequences = iter((1, 2))

    def slow(exchange: str) -> ChainState:
        found = state(next(sequences), {100.0: 10})
        began.set()
        goes_on.wait()
        return found

    states = ChainStates(Database(slow))
    states.followed = True
    first = threading.Thread(target=states.current, args=("NSE",))
    first.start()
    began.wait()
    states.outdate("NSE")
    answers: list[ChainState] = []
    told = threading.Thread(target=lambda: answers.append(states.current("NSE")))
    told.start()
    goes_on.set()
    first.join()
    told.join()
    assert answers[0].chain.sequence == 2


def test_while_announcements_are_followed_only_what_is_outdated_is_read() -> None:
    database = Database(lambda exchange: state(len(database.reads), {100.0: 10}, exchange))
    states = ChainStates(database)
    states.followed = True
    for exchange in ("NSE", "NSE", "BSE", "NSE"):
        states.current(exchange)
    assert database.reads == ["NSE", "BSE"]
    states.outdate("NSE", "an exchange of another program")
    states.current("NSE")
    states.current("BSE")
    assert database.reads == ["NSE", "BSE", "NSE"]
    states.followed = False
    states.current("BSE")
    assert database.reads == ["NSE", "BSE", "NSE", "BSE"]


def test_what_could_not_be_read_is_read_again() -> None:
    def once(exchange: str) -> ChainState:
        if len(database.reads) == 1:
            raise DatabaseUnavailableError(AWAY)
        return state(1, {100.0: 10})

    database = Database(once)
    states = ChainStates(database)
    states.followed = True
    with pytest.raises(DatabaseUnavailableError):
        states.current("NSE")
    assert states.current("NSE").chain.sequence == 1


def test_one_chain_that_cannot_be_shown_is_said_once_and_troubles_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def faulty(exchange: str) -> ChainState:
        if exchange == "NSE":
            raise ChainFaultError("The chain of NSE cannot be shown: the strike of X is nan.")
        return state(1, {100.0: 10}, exchange)

    states = ChainStates(Database(faulty))
    for _ in range(5):
        with pytest.raises(ChainFaultError):
            states.current("NSE")
        assert states.current("BSE").exchange == "BSE"
    assert caplog.text.count("the strike of X is nan") == 1


def test_an_unknown_exchange_is_refused_without_a_read() -> None:
    database = Database(lambda exchange: state(1, {}))
    with pytest.raises(InvalidInputError, match="known are NSE"):
        ChainStates(database).current("NYSE")
    assert database.reads == []


def test_the_age_of_a_state_that_was_known_never_shrinks() -> None:
    read = iter((state(1, {100.0: 10}, age_s=20.0), state(1, {100.0: 10}, age_s=3.0)))
    states = ChainStates(Database(lambda exchange: next(read)))
    first = states.current("NSE")
    again = states.current("NSE")
    assert again.age_s() >= 20.0
    assert again.chain is first.chain


def test_a_clock_an_hour_back_or_forth_hides_no_newer_state() -> None:
    ages = (0.1, None, 3600.1, 0.2)
    read = [state(n, {100.0: n}, age_s=age) for n, age in enumerate(ages, start=1)]
    states = ChainStates(Database(lambda exchange: read.pop(0)))
    seen = [states.current("NSE") for _ in ages]
    assert [one.order for one in seen] == [(0, 1), (0, 2), (0, 3), (0, 4)]
    # what the database's clock calls to come is as old as our knowledge of it
    assert seen[1].age_s() < 60
    assert seen[3].age_s() < 60


@pytest.mark.parametrize("set_s", [-60.0, 60.0])
@pytest.mark.parametrize("is_taken_before", [True, False])
def test_a_clock_that_is_set_between_two_reads_makes_no_state_older_or_younger(
    set_s: float, is_taken_before: bool
) -> None:
    now = time.monotonic()
    first_ahead_s = 1_000.0
    last = ChainState(chain(1, {100.0: 1}), now - 1.0, 0.2, clock_ahead_s=first_ahead_s)
    ahead_s = first_ahead_s + set_s
    # taken half a second ago, by the clock as it was then
    said_s = now - 0.5 + (first_ahead_s if is_taken_before else ahead_s)
    made = chain(2, {100.0: 2}, updated_at=datetime.fromtimestamp(said_s, UTC))
    by_clock_s = now + ahead_s - said_s
    read = ChainState(made, now, by_clock_s if by_clock_s > 0 else None, clock_ahead_s=ahead_s)
    found = read.after(last)
    assert 0.5 <= found.age_s() < 10
    # and it goes on to count by what passes, though it is read once more
    again = replace(read, clock_ahead_s=ahead_s + 60, age_when_read_s=60.5)
    assert 0.5 <= again.after(found).age_s() < 10


def test_of_a_state_whose_age_nobody_knows_the_age_is_unknown() -> None:
    states = ChainStates(Database(lambda exchange: state(1, {100.0: 10}, age_s=None)))
    assert states.current("NSE").age_s() is None
    assert states.current("NSE").status() in ("stale", "closed")


def test_a_rebuilt_database_is_another_incarnation() -> None:
    rebuilt = state(2, {100.0: 10})
    later = rebuilt.chain.head.updated_at.replace(year=2027)
    same_number = state(2, {100.0: 10}, updated_at=later)
    read = [state(500, {100.0: 10}), rebuilt, same_number, state(3, {100.0: 11})]
    states = ChainStates(Database(lambda exchange: read.pop(0)))
    orders = [states.current("NSE").order for _ in range(4)]
    assert orders == [(0, 500), (1, 2), (2, 2), (2, 3)]
    assert orders == sorted(orders)
