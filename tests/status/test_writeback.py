"""What is said of how much the server's system gathers before it writes."""

import pytest
from sqlalchemy import URL

from db import writeback
from db.convert.session import fetching
from tests.support.databases import connection

_MEMORY = "MemTotal:       24675480 kB\nMemFree:"


@pytest.mark.parametrize(
    ("row", "gathered"),
    [
        (None, None),
        ({"bytes": None, "percent": None, "memory": None}, None),
        ({"bytes": "67108864\n", "percent": "0\n", "memory": _MEMORY}, 64 * 2**20),
        ({"bytes": "0\n", "percent": "10\n", "memory": _MEMORY}, 24675480 * 1024 // 10),
        ({"bytes": "0\n", "percent": "10\n", "memory": "?"}, None),
    ],
)
def test_bytes_come_before_a_share_of_the_memory(row, gathered):
    assert writeback.gathered_bytes(row) == gathered


def test_much_is_worth_a_sentence_with_the_command_and_little_is_not():
    much = writeback.advice({"bytes": "0", "percent": "10", "memory": _MEMORY})
    assert "2.4 GB" in much
    assert "sysctl -w vm.dirty_background_bytes=67108864" in much
    assert writeback.advice({"bytes": "67108864", "percent": "0", "memory": _MEMORY}) is None


def test_a_role_that_may_not_read_the_server_s_files_is_told_nothing(
    empty_database: URL,
) -> None:
    with connection(empty_database) as session:
        fetch = fetching(session)
        assert writeback.settings(fetch).keys() == {"bytes", "percent", "memory"}
        session.execute("CREATE ROLE oi_test_reader")
        try:
            session.execute("SET ROLE oi_test_reader")
            assert writeback.settings(fetch) is None
        finally:
            session.execute("RESET ROLE")
            session.execute("DROP ROLE oi_test_reader")
