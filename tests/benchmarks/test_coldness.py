"""Cold runs restart a server, so they are refused where that is not the suite's to do."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.parts.cold import restartable
from benchmarks.server.databases import BenchmarkServer, session


class Local:
    """Stands for the local server; restarting is not asked of it here."""


def test_a_named_server_is_not_restarted(server):
    with pytest.raises(BenchmarkError, match="leave out --url"):
        restartable(BenchmarkServer(server.admin_url))


def test_a_server_that_others_use_is_not_restarted(server):
    # the session of the test goes by another name than the suite's own
    with session(server.admin_url) as other:
        other.execute("SET application_name = 'somebody'")
        with pytest.raises(BenchmarkError, match="sessions of others"):
            restartable(BenchmarkServer(server.admin_url, Local()))
