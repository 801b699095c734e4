"""How much the server's system gathers before it writes to disk, and what to do where it is much.

Linux keeps written pages back until they are a share of the memory or half a minute old, and then
writes them at once: a COMMIT that comes meanwhile waits for all of them.
https://docs.kernel.org/admin-guide/sysctl/vm.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Fetch = Callable[[str], Row | None]
"""Runs a query and gives its first row by column name, if it has one."""

_MAY_READ = """
SELECT has_function_privilege('pg_read_file(TEXT, BIGINT, BIGINT, BOOLEAN)', 'EXECUTE')
   AND pg_has_role('pg_read_server_files', 'USAGE') AS may_read
"""
# null where the system has no such file
_SETTINGS = """
SELECT pg_read_file('/proc/sys/vm/dirty_background_bytes', 0, 64, true) AS bytes,
       pg_read_file('/proc/sys/vm/dirty_background_ratio', 0, 64, true) AS percent,
       pg_read_file('/proc/meminfo', 0, 64, true) AS memory
"""
ADVISED_BYTES = 64 * 1024 * 1024
_MUCH_BYTES = 512 * 1024 * 1024


def settings(fetch: Fetch) -> Row | None:
    """The system's settings in its own words: bytes, percent, memory; None where the role may not
    read the server's files.
    """
    allowed = fetch(_MAY_READ)
    return fetch(_SETTINGS) if allowed and allowed["may_read"] else None


def gathered_bytes(row: Row | None) -> int | None:
    """How much is gathered at most, from `settings`; None where that is not known."""
    if row is None or row["bytes"] is None:
        return None
    if limit := int(row["bytes"]):
        return limit
    memory = re.match(r"MemTotal:\s+(\d+) kB", row["memory"] or "")
    if row["percent"] is None or memory is None:
        return None
    return int(memory[1]) * 1024 * int(row["percent"]) // 100


def advice(row: Row | None) -> str | None:
    """A sentence on a system that gathers much; None for another, or an unknown one."""
    gathered = gathered_bytes(row)
    if gathered is None or gathered <= _MUCH_BYTES:
        return None
    return (
        f"the server's system gathers up to {gathered / 2**30:.1f} GB before it writes them, and "
        "while it does commits wait; on Linux: "
        f"sysctl -w vm.dirty_background_bytes={ADVISED_BYTES}"
    )
