"""Indexes summed over their chunks, what is found wrong with them, and mending it."""

from typing import Any

from sqlalchemy import Engine

from tests.advice.conftest import Look, execute


def findings(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(found["kind"], found["index"]): found for found in document["findings"]}


def test_a_healthy_database_has_no_findings(look: Look) -> None:
    document = look("indexes", "--min-days", "0")
    assert findings(document).keys() <= {("unused", "readings_device_idx")}
    assert "Nothing to mend." in look.text("indexes", "--min-days", "7")


def test_use_and_size_are_summed_over_chunks(engine: Engine, look: Look) -> None:
    execute(
        engine,
        "SET enable_seqscan = off",
        "SELECT count(*) FROM readings WHERE device = 3",
        "SELECT pg_stat_force_next_flush()",
    )
    [index] = [i for i in look("indexes")["indexes"] if i["name"] == "readings_device_idx"]
    assert index["chunks"] == 3
    assert index["scans"] >= 3
    assert index["size_bytes"] > 3 * 8192


def test_an_index_that_another_begins_with_is_a_duplicate(engine: Engine, look: Look) -> None:
    execute(
        engine,
        "CREATE INDEX readings_spare ON readings (device)",
        "CREATE INDEX readings_other_order ON readings (device DESC)",
        "CREATE INDEX readings_partial ON readings (device) WHERE celsius > 25",
    )
    found = findings(look("indexes"))
    assert [index for kind, index in found if kind == "duplicate"] == ["readings_spare"]
    assert "readings_device_idx" in found["duplicate", "readings_spare"]["evidence"]


def test_mending_a_duplicate_drops_it_on_every_chunk(engine: Engine, look: Look) -> None:
    execute(engine, "CREATE INDEX readings_spare ON readings (device)")
    look.text("indexes", "--apply", "--yes")
    assert not [i for i in look("indexes")["indexes"] if i["name"] == "readings_spare"]


def test_nothing_is_mended_without_a_yes(engine: Engine, look: Look) -> None:
    execute(engine, "CREATE INDEX readings_spare ON readings (device)")
    look.text("indexes", "--apply")
    assert ("duplicate", "readings_spare") in findings(look("indexes"))


def test_an_unfinished_build_is_found_and_built_again(engine: Engine, look: Look) -> None:
    execute(
        engine,
        "CREATE INDEX readings_room_idx ON readings (room) WHERE celsius > 25",
        # what a build killed between two chunks leaves behind
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'readings_room_idx'::regclass",
    )
    assert ("invalid", "readings_room_idx") in findings(look("indexes"))
    look.text("indexes", "--apply", "--yes")
    document = look("indexes")
    assert not [kind for kind, _ in findings(document) if kind == "invalid"]
    [built] = [i for i in document["indexes"] if i["name"] == "readings_room_idx"]
    assert built["is_valid"]
    assert built["chunks"] == 3
    assert "WHERE (celsius > " in built["definition"]


def test_a_large_index_that_was_never_read_is_unused(engine: Engine, look: Look) -> None:
    execute(engine, "CREATE INDEX readings_idle_idx ON readings (room, device, celsius, taken_at)")
    assert ("unused", "readings_idle_idx") in findings(look("indexes", "--min-days", "0"))
    assert ("unused", "readings_idle_idx") not in findings(look("indexes", "--min-days", "9999"))


def test_an_index_much_larger_than_its_rows_is_bloated_until_rebuilt(
    engine: Engine, look: Look
) -> None:
    execute(
        engine,
        "CREATE TABLE plain AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 60000) n",
        "CREATE INDEX plain_hash_idx ON plain (hash)",
        "DELETE FROM plain WHERE n > 3000",
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE plain")
    found = findings(look("indexes"))
    assert found["bloated", "plain_hash_idx"]["statements"] == [
        "REINDEX INDEX CONCURRENTLY public.plain_hash_idx"
    ]
    look.text("indexes", "--apply", "--yes")
    assert ("bloated", "plain_hash_idx") not in findings(look("indexes"))
