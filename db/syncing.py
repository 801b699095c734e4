"""While much is written, has the system send it to the disk as it comes, where that is this one.

Linux would keep written pages for half a minute, then write all at once (see `db.writeback`): the
server has it write table pages early, but not the pages of an index that is being built.
syncfs(2) asks for it from outside: it takes no right but to open a directory of the file system.
An error on the way stays for the server to find: only that of the whole file system is read here.
https://man7.org/linux/man-pages/man2/syncfs.2.html
"""

import ctypes
import math
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from db.writeback import Fetch

# an unsynced server waits for no disk; a role that may not know the directory finds no row
_PLACES = """
SELECT s.setting AS data,
       (SELECT array_agg(pg_tablespace_location(t.oid))
        FROM pg_tablespace t
        WHERE t.spcname NOT IN ('pg_default', 'pg_global')) AS tablespaces
FROM pg_settings s
WHERE s.name = 'data_directory'
  AND current_setting('fsync') = 'on'
  AND inet_server_addr() IS NOT DISTINCT FROM inet_client_addr()
"""
_LOOK_S = 0.1
_MUCH_KB = 16 * 1024
_MEMORY = Path("/proc/meminfo")
_GATHERED = re.compile(r"^Dirty:\s+(\d+) kB$", re.MULTILINE)

_Sync = Callable[[int], int]
_guard = threading.Lock()
_synced: set[int] = set()  # devices that a block of this process keeps synced already


def file_systems(fetch: Fetch) -> Mapping[int, Path]:
    """A directory of each file system of the server's data, by device, that this process can open.

    None of them where the server is another machine's, runs with fsync off, or does not tell the
    role where its data are, or where this system has no syncfs.
    """
    row = fetch(_PLACES) if _syncfs() else None
    places = [row["data"], *(row["tablespaces"] or ())] if row else []
    found = (_openable(Path(place)) for place in places)
    return {path.stat().st_dev: path for path in found if path}


@contextmanager
def synced(directories: Mapping[int, Path]) -> Iterator[None]:
    """Until the block ends, look ten times a second and sync `file_systems` where much is kept."""
    sync, stop = _syncfs(), threading.Event()
    with _own(directories) as opened, ThreadPoolExecutor(max_workers=1) as beside:
        if sync and opened:
            beside.submit(_keep, sync, opened, stop)
        try:
            yield
        finally:
            stop.set()


def _keep(sync: _Sync, opened: Sequence[int], stop: threading.Event) -> None:
    while not stop.wait(_LOOK_S):
        # a job that pauses, for hours perhaps, leaves the disk to others
        if _gathered_kb() >= _MUCH_KB:
            for directory in opened:
                sync(directory)


@contextmanager
def _own(directories: Mapping[int, Path]) -> Iterator[Sequence[int]]:
    """The directories opened, without those on devices that an outer block keeps synced."""
    with _guard:
        own = {device: path for device, path in directories.items() if device not in _synced}
        _synced.update(own)
    try:
        with ExitStack() as stack:
            opened: list[int] = []
            for path in own.values():
                # what cannot be opened after all is no reason to do without the work itself
                with suppress(OSError):
                    opened.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
                    stack.callback(os.close, opened[-1])
            yield opened
    finally:
        with _guard:
            _synced.difference_update(own)


def _gathered_kb() -> float:
    """What the system keeps back of all that was written; unbounded where it does not say."""
    try:
        found = _GATHERED.search(_MEMORY.read_text(encoding="ascii"))
    except OSError:
        return math.inf
    return int(found[1]) if found else math.inf


def _openable(place: Path) -> Path | None:
    """The directory, or the nearest above it on its file system, that this process can open."""
    try:
        device = place.stat().st_dev
        for path in (place, *place.parents):
            if path.stat().st_dev != device:
                return None
            if path.is_dir() and os.access(path, os.R_OK):
                return path
    except OSError:
        pass  # no such directory here, or none that may be looked for
    return None


def _syncfs() -> _Sync | None:
    """The C library's function; None where it has none."""
    try:
        return ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError, TypeError):
        return None
