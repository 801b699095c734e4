"""Server settings from the machine's memory and cores.

Rules of thumb: https://www.postgresql.org/docs/17/runtime-config-resource.html and
https://docs.timescale.com/self-hosted/latest/configuration/.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from db.server.programs import Programs

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
_MAX_CONNECTIONS = 100
_TIMESCALEDB_WORKERS = 16
_CRON_WORKERS = 5

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Machine:
    """What the server may use: sizes in bytes."""

    memory_bytes: int
    cores: int
    disk_free_bytes: int
    shared_memory_bytes: int


def this_machine(folder: Path) -> Machine:
    """The memory and cores this process may use, and the disk space at a folder."""
    return Machine(
        memory_bytes=min(_physical_memory_bytes(), _memory_limit_bytes()),
        cores=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        disk_free_bytes=shutil.disk_usage(folder).free,
        shared_memory_bytes=_shared_memory_bytes(),
    )


def settings(machine: Machine, programs: Programs, cron_database: str) -> dict[str, Value]:
    """Durable settings for a server that shares the machine with the application."""
    shared_buffers = _between(128 * _MIB, machine.memory_bytes // 4, 8 * _GIB)
    max_wal = _between(512 * _MIB, machine.disk_free_bytes // 10, 4 * _GIB)
    return {
        "shared_buffers": _mib(shared_buffers),
        "effective_cache_size": _mib(_between(256 * _MIB, machine.memory_bytes // 2, 64 * _GIB)),
        "maintenance_work_mem": _mib(_between(64 * _MIB, machine.memory_bytes // 20, 2 * _GIB)),
        "work_mem": _mib(_between(4 * _MIB, machine.memory_bytes // 512, 64 * _MIB)),
        "max_wal_size": _mib(max_wal),
        # segments are used again, not made anew: making one holds up every commit
        "min_wal_size": _mib(max_wal),
        "wal_compression": "lz4" if programs.has_lz4 else "on",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": False,
        "track_io_timing": True,
        "max_connections": _MAX_CONNECTIONS,
        # a statement over every chunk locks each with its indexes
        "max_locks_per_transaction": 512,
        "dynamic_shared_memory_type": _dynamic_shared_memory(machine),
        **_workers(machine),
        **_extensions(programs, cron_database),
    }


def volatile_settings(programs: Programs, cron_database: str) -> dict[str, Value]:
    """Settings of a server whose data nobody wants to keep: small, quick and not durable."""
    machine = Machine(2 * _GIB, 2, 20 * _GIB, _GIB)
    return {
        **settings(machine, programs, cron_database),
        "shared_buffers": "256MB",
        "fsync": False,
        "synchronous_commit": False,
        "full_page_writes": False,
        # what holds locks without a session is met on others' servers
        "max_prepared_transactions": 5,
    }


def _workers(machine: Machine) -> dict[str, Value]:
    return {
        "max_worker_processes": machine.cores + _TIMESCALEDB_WORKERS + _CRON_WORKERS + 4,
        "max_parallel_workers": machine.cores,
        "max_parallel_workers_per_gather": max(1, machine.cores // 2),
        "max_parallel_maintenance_workers": max(1, machine.cores // 2),
        "timescaledb.max_background_workers": _TIMESCALEDB_WORKERS,
    }


def _extensions(programs: Programs, cron_database: str) -> dict[str, Value]:
    libraries = ["timescaledb", "pg_stat_statements"]
    found: dict[str, Value] = {"timescaledb.telemetry_level": "off"}
    if programs.has_pg_cron:
        libraries.append("pg_cron")
        found |= {
            "cron.database_name": cron_database,
            # its other way is a password connection to itself
            "cron.use_background_workers": True,
            "cron.max_running_jobs": _CRON_WORKERS,
            "cron.timezone": "Asia/Kolkata",
        }
    return {"shared_preload_libraries": ",".join(libraries), **found}


def _dynamic_shared_memory(machine: Machine) -> str:
    # containers often have 64 MB of /dev/shm: parallel queries would fail there
    if sys.platform != "linux":
        return "posix"
    return "posix" if machine.shared_memory_bytes >= 512 * _MIB else "mmap"


def _shared_memory_bytes() -> int:
    try:
        return shutil.disk_usage("/dev/shm").total  # noqa: S108  # asked for its size, not used
    except OSError:
        return 0


def _physical_memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _memory_limit_bytes() -> int:
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(limit).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return sys.maxsize


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _mib(size_bytes: int) -> str:
    return f"{size_bytes // _MIB}MB"
