"""Where processes run while they are timed."""

import os
import sys

import pytest

from benchmarks.server.databases import session
from benchmarks.server.placing import on_one_core
from benchmarks.server.work import is_session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cores are named on Linux only")


def test_who_asks_and_who_answers_share_a_core_and_go_where_they_were_after_it(database):
    with session(database) as one, session(database) as other:
        processes = [0, one.info.backend_pid, other.info.backend_pid]
        if not is_session(processes[1], str(database.database)):
            pytest.skip("the server is not on this machine")
        before = [os.sched_getaffinity(process) for process in processes]
        with on_one_core((one, other)) as placed:
            within = {frozenset(os.sched_getaffinity(process)) for process in processes}
        assert placed
        assert len(within) == len(next(iter(within))) == 1
        assert [os.sched_getaffinity(process) for process in processes] == before


def test_a_session_that_ends_meanwhile_stops_nothing(database):
    mine = os.sched_getaffinity(0)
    with session(database) as asked:
        with on_one_core((asked,)):
            asked.close()
        assert os.sched_getaffinity(0) == mine


def test_nothing_moves_beside_a_server_that_is_elsewhere(database, monkeypatch):
    mine = os.sched_getaffinity(0)
    monkeypatch.setattr("benchmarks.server.placing.is_session", lambda pid, name: False)
    with session(database) as asked, on_one_core((asked,)) as placed:
        assert not placed
        assert os.sched_getaffinity(0) == mine


def test_nothing_moves_where_the_servers_processes_are_not_ours(database, monkeypatch):
    mine = os.sched_getaffinity(0)

    def refused(process: int, cores: set[int]) -> None:
        raise PermissionError(process)

    monkeypatch.setattr("benchmarks.server.placing.os.sched_setaffinity", refused)
    with session(database) as asked, on_one_core((asked,)) as placed:
        assert not placed
        assert os.sched_getaffinity(0) == mine
