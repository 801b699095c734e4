"""Settings follow the machine and stay within what a server can start with."""

import pytest

from db.server.programs import Programs
from db.server.tuning import Machine, settings, volatile_settings

GIB = 1024**3


@pytest.fixture
def programs(tmp_path) -> Programs:
    return Programs(tmp_path, 17, "17.4", "2.19.3", "apache", has_pg_cron=True, has_lz4=True)


def machine(memory_gib: float, cores: int = 4) -> Machine:
    return Machine(int(memory_gib * GIB), cores, 100 * GIB, GIB)


@pytest.mark.parametrize(
    ("memory_gib", "shared_buffers"),
    [(0.25, "128MB"), (8, "2048MB"), (256, "8192MB")],
)
def test_the_buffer_cache_is_a_quarter_of_memory_within_bounds(
    programs: Programs, memory_gib: float, shared_buffers: str
) -> None:
    assert settings(machine(memory_gib), programs, "x")["shared_buffers"] == shared_buffers


def test_there_are_worker_slots_for_queries_and_for_background_jobs(programs: Programs) -> None:
    values = settings(machine(8, cores=16), programs, "x")
    spare = int(values["max_worker_processes"]) - int(values["max_parallel_workers"])
    assert spare > int(values["timescaledb.max_background_workers"])


def test_it_is_durable_unless_asked_otherwise(programs: Programs) -> None:
    assert settings(machine(8), programs, "x").get("fsync", True) is True
    assert volatile_settings(programs, "x")["fsync"] is False


def test_pg_cron_is_loaded_only_where_its_library_is(programs: Programs, tmp_path) -> None:
    without = Programs(tmp_path, 17, "17.4", "2.19.3", "apache", has_pg_cron=False, has_lz4=False)
    loaded = settings(machine(8), programs, "x")
    bare = settings(machine(8), without, "x")
    assert str(loaded["shared_preload_libraries"]).startswith("timescaledb,")
    assert "pg_cron" in str(loaded["shared_preload_libraries"])
    assert "pg_cron" not in str(bare["shared_preload_libraries"])
    assert not any(name.startswith("cron.") for name in bare)


def test_little_shared_memory_moves_parallel_queries_to_files(programs: Programs) -> None:
    small = Machine(8 * GIB, 4, 100 * GIB, 64 * 1024**2)
    assert settings(small, programs, "x")["dynamic_shared_memory_type"] == "mmap"
