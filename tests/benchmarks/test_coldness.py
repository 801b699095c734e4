"""Cold runs restart a server, so they are refused where that is not the suite's to do."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.parts.cold import restartable
from benchmarks.server.databases import BenchmarkServer, session


class Local:
    """Stands for the local server; restarting is not asked of it here."""

    def __init__(self, url):
        self._url = url

    def url(self):
        return self._url


def test_a_named_server_is_not_restarted(server):
    with pytest.raises(BenchmarkError, match="leave out --url"):
        restartable(BenchmarkServer(server.admin_url))


def test_a_server_that_others_use_is_not_restarted(server):
    # the session of the test goes by another name than the suite's own
    with session(server.admin_url) as other:
        other.execute("SET application_name = 'somebody'")
        with pytest.raises(BenchmarkError, match="sessions of others"):
            restartable(BenchmarkServer(server.admin_url, Local(server.admin_url)))


def test_a_server_that_came_back_at_another_port_is_found_there(server):
    moved = server.admin_url.set(port=1)
    assert BenchmarkServer(server.admin_url, Local(moved)).url("x").port == 1
