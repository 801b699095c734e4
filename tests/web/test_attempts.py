"""Guesses at a password are counted before it is looked at, by all workers together."""

import http.cookiejar
import multiprocessing
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from app.web.auth.attempts import AttemptLimit, TooManyAttemptsError
from app.web.auth.counts_in_file import FileCounts
from app.web.auth.counts_shared import SharedCounts
from app.web.database import Database
from benchmarks.server.ports import free_port
from db.errors import SettingsError
from db.settings import Settings
from tests.support.databases import connection
from tests.web import USERNAME
from tests.web.serving import WebServer

NOWHERE = URL.create("postgresql+psycopg", "nobody", host="127.0.0.1", port=1, database="nothing")


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
    return AttemptLimit(FileCounts(tmp_path / "attempts", clock))


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
    limit = AttemptLimit(FileCounts(tmp_path / "attempts"))
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
    limit = AttemptLimit(FileCounts(tmp_path / "attempts"))

    def one(_: int) -> bool:
        with limit.attempt("192.0.2.1", "trader") as attempt:
            attempt.succeeded = True
        return True

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(40)))


def _guess_in_a_process(file: Path) -> int:
    limit = AttemptLimit(FileCounts(file))
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
    limit = AttemptLimit(FileCounts(file, clock))
    for torn in ('{"address 192', "[1]", '{"a": {"b": 1}}', "\x00\xff"):
        file.write_text(torn, encoding="latin-1")
        assert guess(limit) == 0


def test_the_file_is_private_bounded_and_holds_no_user_name(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.auth.counts_in_file._KEPT", 10)
    file = tmp_path / "attempts"
    limit = AttemptLimit(FileCounts(file, clock))
    for n in range(30):
        guess(limit, f"192.0.2.{n}", user="typed in the wrong field")
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "typed" not in text
    assert text.count("failures") == 10
    # the one that goes on guessing is not pushed out
    assert guess(limit, "198.51.100.1", user="typed in the wrong field") > 0


def test_a_count_that_cannot_be_kept_lets_nobody_guess(tmp_path: Path) -> None:
    limit = AttemptLimit(FileCounts(tmp_path / "none" / "attempts"))
    with pytest.raises(SettingsError, match="cannot be counted"):
        guess(limit)


@pytest.fixture
def shared(settings: Settings, tmp_path: Path) -> Iterator[SharedCounts]:
    """Counts in a database, for an account with the dashboard's rights."""
    database = Database(settings, explicit=True)
    yield SharedCounts(database, FileCounts(tmp_path / "attempts"))
    database.close()


def test_the_database_counts_as_the_file_does(shared: SharedCounts, as_web: URL) -> None:
    limit = AttemptLimit(shared)
    assert [guess(limit) for _ in range(5)] == [0] * 5
    assert 55 < guess(limit) <= 60
    assert guess(limit, "192.0.2.2") == 0
    with limit.attempt("192.0.2.2", "trader") as attempt:
        attempt.succeeded = True
    with connection(as_web) as session:
        kept = session.execute("SELECT name, failures FROM site_attempts").fetchall()
    # who came in is forgotten, and no name that was typed is there
    assert kept == [("address 192.0.2.1", 5)]


def test_what_is_long_ago_leaves_the_database(shared: SharedCounts, as_web: URL) -> None:
    limit = AttemptLimit(shared)
    guess(limit)
    with connection(as_web) as session:
        session.execute("UPDATE site_attempts SET last_at = last_at - 4000")
        guess(limit, "192.0.2.9", user="another")
        (left,) = session.execute("SELECT count(*) FROM site_attempts").fetchone()
    assert left == 2


def test_without_its_database_each_machine_counts_by_itself(
    settings: Settings, tmp_path: Path
) -> None:
    away = Database(replace(settings, database_url=NOWHERE), explicit=True)
    limit = AttemptLimit(SharedCounts(away, FileCounts(tmp_path / "attempts")))
    assert [guess(limit) for _ in range(5)] == [0] * 5
    assert 55 < guess(limit) <= 60


@pytest.fixture
def hosts(home: Path, as_web: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two hosts of one database, each with two workers and a home of its own; their addresses."""
    homes = [home, tmp_path_factory.mktemp("second")]
    (homes[1] / "signin").write_bytes((home / "signin").read_bytes())
    servers = [WebServer(each, as_web, free_port(), workers=2) for each in homes]
    try:
        for server in servers:
            server.start()
        yield [server.url for server in servers]
    finally:
        for server in servers:
            if server.process is not None:
                server.stop()


class Guesser:
    """Somebody at the login page of a host."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/login"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        with self._opener.open(self._url) as page:
            found = re.search(r'name="csrf" value="([^"]+)"', page.read().decode())
        assert found
        form = {"username": USERNAME, "password": "a wrong guess", "csrf": found[1]}
        self._form = urllib.parse.urlencode(form).encode()

    def guess(self, together: threading.Barrier) -> int:
        """Try once, at the moment when all others do; the status of the answer."""
        together.wait(timeout=60)
        with pytest.raises(urllib.error.HTTPError) as refused:
            self._opener.open(self._url, self._form).close()
        refused.value.close()
        return int(refused.value.code)


def test_twenty_guesses_at_once_at_two_hosts_of_two_workers_pass_five(hosts: list[str]) -> None:
    guessers = [Guesser(hosts[number % 2]) for number in range(20)]
    together = threading.Barrier(len(guessers))
    with ThreadPoolExecutor(len(guessers)) as pool:
        answers = sorted(pool.map(lambda each: each.guess(together), guessers))
    assert answers == [401] * 5 + [429] * 15
