"""Where processes run while they are timed."""

import os
import subprocess
import sys

import pytest

from benchmarks.server.databases import session
from benchmarks.server.placing import on_one_core, process_of, processes_beside

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cores are named on Linux only")


def test_who_asks_and_who_answers_share_a_core_and_go_where_they_were_after_it(database):
    with session(database) as one, session(database) as other:
        if process_of(one) is None:
            pytest.skip("the server is not on this machine")
        assert processes_beside(one) == [process_of(other)]
        processes = [0, one.info.backend_pid, other.info.backend_pid]
        before = [os.sched_getaffinity(process) for process in processes]
        with on_one_core(processes[1:]) as placed:
            within = [os.sched_getaffinity(process) for process in processes]
        assert placed
        assert within == [{max(before[0])}] * 3
        assert [os.sched_getaffinity(process) for process in processes] == before


def test_a_process_that_ends_meanwhile_stops_nothing():
    mine = os.sched_getaffinity(0)
    with subprocess.Popen(["sleep", "600"]) as gone, on_one_core([gone.pid]) as placed:
        gone.kill()
        gone.wait()
    assert placed
    assert os.sched_getaffinity(0) == mine


@pytest.mark.parametrize("processes", [(), (None,), (0, None)])
def test_nothing_moves_beside_a_server_that_is_elsewhere(processes):
    mine = os.sched_getaffinity(0)
    with on_one_core(processes) as placed:
        assert not placed
        assert os.sched_getaffinity(0) == mine


def test_a_session_of_another_database_is_none_of_this_machine(database, monkeypatch):
    monkeypatch.setattr("benchmarks.server.placing.is_session", lambda pid, name: False)
    with session(database) as asked:
        assert process_of(asked) is None


def test_nothing_moves_where_the_servers_processes_are_not_ours(monkeypatch):
    mine = os.sched_getaffinity(0)

    def refused(process: int, cores: set[int]) -> None:
        raise PermissionError(process)

    monkeypatch.setattr("benchmarks.server.placing.os.sched_setaffinity", refused)
    with on_one_core([os.getpid()]) as placed:
        assert not placed
        assert os.sched_getaffinity(0) == mine
