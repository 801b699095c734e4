"""Guesses at a password are counted before it is looked at, by all workers together."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.web.auth.attempts import AttemptLimit, TooManyAttemptsError
from db.errors import SettingsError


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limit(tmp_path: Path, clock: Clock) -> AttemptLimit:
    return AttemptLimit(tmp_path / "attempts", clock)


def guess(limit: AttemptLimit, address: str = "192.0.2.1", user: str = "trader") -> float:
    """Fail once; answers how long the door is closed if it is."""
    try:
        with limit.attempt(address, user):
            return 0.0
    except TooManyAttemptsError as error:
        return error.wait_s


def test_each_failure_after_the_fifth_doubles_the_wait(limit: AttemptLimit, clock: Clock) -> None:
    for _ in range(5):
        assert guess(limit) == 0
    waits = []
    for _ in range(6):
        waits.append(guess(limit))
        clock.now += waits[-1]
        assert guess(limit) == 0
    assert waits == [60, 120, 240, 480, 900, 900]


def test_an_hour_of_quiet_is_a_new_beginning(limit: AttemptLimit, clock: Clock) -> None:
    for _ in range(5):
        guess(limit)
    clock.now += 3600
    assert [guess(limit) for _ in range(5)] == [0] * 5


def test_success_forgets_the_failures(limit: AttemptLimit) -> None:
    for _ in range(4):
        guess(limit)
    with limit.attempt("192.0.2.1", "trader") as attempt:
        attempt.succeeded = True
    assert [guess(limit) for _ in range(5)] == [0] * 5


def test_another_address_is_let_in(limit: AttemptLimit) -> None:
    for _ in range(5):
        guess(limit)
    assert guess(limit) > 0
    assert guess(limit, "192.0.2.2") == 0


def test_a_network_of_ipv6_counts_as_one_address(limit: AttemptLimit) -> None:
    for last in range(5):
        assert guess(limit, f"2001:db8::{last}") == 0
    assert guess(limit, "2001:db8::ffff:1") == 60
    assert guess(limit, "2001:db8:0:1::1") == 0


def test_an_ipv4_address_in_ipv6_is_the_same_address(limit: AttemptLimit) -> None:
    for _ in range(5):
        guess(limit, "::ffff:192.0.2.1")
    assert guess(limit, "192.0.2.1") > 0
    assert guess(limit, "::ffff:192.0.2.2") == 0


def test_a_user_is_guessed_at_from_many_addresses_twenty_times(limit: AttemptLimit) -> None:
    assert [guess(limit, f"192.0.2.{n}") for n in range(20)] == [0] * 20
    assert guess(limit, "198.51.100.1") == 60
    assert guess(limit, "198.51.100.1", user="another") == 0


def test_a_clock_that_was_set_back_closes_the_door_no_longer_than_ever(
    limit: AttemptLimit, clock: Clock
) -> None:
    for _ in range(5):
        guess(limit)
    clock.now -= 86_400
    assert guess(limit) <= 900


def test_twenty_guesses_at_once_do_not_pass_a_lock_out_of_five(tmp_path: Path) -> None:
    limit = AttemptLimit(tmp_path / "attempts")
    five_inside = threading.Barrier(5)

    def one(_: int) -> bool:
        try:
            with limit.attempt("192.0.2.1", "trader"):
                # the first five are all at the password before any of them has failed
                five_inside.wait(timeout=60)
                return True
        except TooManyAttemptsError:
            return False

    with ThreadPoolExecutor(20) as pool:
        passed = sum(pool.map(one, range(20)))
    assert passed == 5


def test_many_who_know_the_password_at_once_are_all_let_in(tmp_path: Path) -> None:
    limit = AttemptLimit(tmp_path / "attempts")

    def one(_: int) -> bool:
        with limit.attempt("192.0.2.1", "trader") as attempt:
            attempt.succeeded = True
        return True

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(40)))


def _guess_in_a_process(file: Path) -> int:
    limit = AttemptLimit(file)
    return sum(guess(limit) == 0 for _ in range(5))


def test_several_workers_share_the_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as workers:
        passed = sum(workers.map(_guess_in_a_process, [tmp_path / "attempts"] * 4, chunksize=1))
    assert passed == 5


def test_an_attempt_whose_worker_died_has_failed(limit: AttemptLimit, clock: Clock) -> None:
    # entered and never left, as after a kill
    left = [limit.attempt("192.0.2.1", "trader") for _ in range(5)]
    for attempt in left:
        attempt.__enter__()
    clock.now += 31
    with limit.attempt("192.0.2.1", "trader"):
        pass
    assert guess(limit) == 120


def test_a_torn_file_keeps_nobody_out(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "attempts"
    limit = AttemptLimit(file, clock)
    for torn in ('{"address 192', "[1]", '{"a": {"b": 1}}', "\x00\xff"):
        file.write_text(torn, encoding="latin-1")
        assert guess(limit) == 0


def test_the_file_is_private_bounded_and_holds_no_user_name(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.auth.attempts._KEPT", 10)
    file = tmp_path / "attempts"
    limit = AttemptLimit(file, clock)
    for n in range(30):
        guess(limit, f"192.0.2.{n}", user="typed in the wrong field")
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "typed" not in text
    assert text.count("failures") == 10
    # the one that goes on guessing is not pushed out
    assert guess(limit, "198.51.100.1", user="typed in the wrong field") > 0


def test_a_count_that_cannot_be_kept_lets_nobody_guess(tmp_path: Path) -> None:
    limit = AttemptLimit(tmp_path / "none" / "attempts")
    with pytest.raises(SettingsError, match="cannot be counted"):
        guess(limit)
