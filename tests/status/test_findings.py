"""The rules of what needs a hand, on readings made by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest

from db.convert.reporting import Report
from db.status.findings import Finding, findings
from db.status.reading import Reading

NOW = datetime(2025, 12, 4, 12, 0, tzinfo=UTC)


def healthy(**changes: Any) -> Reading:
    """A reading without anything to say about it, but for `changes`."""
    settings = {
        "fsync": "on",
        "full_page_writes": "on",
        "autovacuum": "on",
        "max_locks_per_transaction": "512",
        "max_worker_processes": "32",
        "max_parallel_workers": "8",
        "timescaledb.max_background_workers": "16",
        "shared_preload_libraries": "timescaledb,pg_stat_statements",
    } | changes.pop("settings", {})
    server = {
        "timescaledb_version": "2.29.2",
        "installed_version": "2.29.2",
        "time_zone": "Asia/Kolkata",
    } | changes.pop("server", {})
    rows = {name: {"setting": value} for name, value in settings.items()}
    rows["shared_buffers"] = {"setting": "x", "size_bytes": changes.pop("buffers", 2**31)}
    empty: dict[str, Any] = {
        "hypertables": [],
        "rollups": [],
        "policies": [],
        "archives": [],
        "conversions": [],
        "skipped": [],
        "publications": [],
        "superseded": [],
        "subscribed": [],
        "empty_sparse_indexes": [],
        "secured_sources": [],
        "invalid_indexes": [],
        "writeback": None,
        "revisions": ["0002_b"],
        "known_revisions": ["0001_a", "0002_b"],
        "differences": [],
        "not_compared": None,
        "missing_roles": [],
        "missing_rights": [],
        "faults": [],
    }
    return Reading(server=server, settings=rows, **(empty | changes))


def policy(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "archive",
        "target": "public.t",
        "run_by": "toolkit",
        "last_status": "ok",
        "last_error": None,
        "is_overdue": False,
        "is_paused": False,
        "next_run": NOW,
    } | changes


def conversion(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "conversion_id": 1,
        "table": "public.t",
        "direction": "to_hypertable",
        "phase": "copying",
        "is_running": False,
        "paused": False,
        "waiting_for": None,
        "hold_swap": False,
        "windows": 9,
        "windows_copied": 4,
        "windows_verified": 0,
        "rows_copied": 100,
        "log_entries": 0,
        "quarantined": (),
        "started_at": NOW,
        "swapped_at": None,
        "ended_at": None,
        "events": (),
    }
    return Report(**(values | changes))


def test_a_healthy_database_has_nothing_to_say() -> None:
    assert findings(healthy()) == []


@pytest.mark.parametrize(
    ("changes", "severity", "subject", "words"),
    [
        ({"server": {"timescaledb_version": None}}, "red", "extension", "CREATE EXTENSION"),
        ({"server": {"installed_version": "2.30.0"}}, "note", "extension", "UPDATE"),
        ({"revisions": []}, "red", "schema", "alembic upgrade head"),
        ({"revisions": ["0001_a"]}, "red", "schema", "is at 0001_a, behind 0002_b"),
        ({"revisions": ["ffff"]}, "red", "schema", "is at ffff, which this program does not know"),
        ({"revisions": ["0001_a", "0002_b"]}, "red", "schema", "2 revisions at once"),
        ({"differences": ["trigger t ON public.r is missing"]}, "red", "schema", "trigger t ON"),
        (
            {"publications": [{"name": "p", "covers": "the database", "hypertables": ["t"]}]},
            "red",
            "publication p",
            "covers every table of the database",
        ),
        (
            {"publications": [{"name": "p", "covers": None, "hypertables": ["t"]}]},
            "red",
            "publication p",
            "ALTER PUBLICATION p DROP TABLE t",
        ),
        (
            {"secured_sources": [{"name": "t", "rollups": ["m"]}]},
            "red",
            "t",
            "has row security, and its rollups show all of it",
        ),
        ({"empty_sparse_indexes": ["public.t"]}, "red", "public.t", "RESET (timescaledb.sparse"),
        (
            {"subscribed": [{"name": "s", "hypertable": "t"}]},
            "red",
            "subscription s",
            "past its chunks",
        ),
        ({"superseded": [{"target": "public.t", "rows": 3}]}, "note", "public.t", "superseded"),
        ({"faults": ["TimescaleDB #1: …"]}, "note", "version", "TimescaleDB #1"),
        ({"missing_roles": ["CREATE ROLE r NOLOGIN"]}, "note", "roles", "db roles grant"),
        ({"missing_rights": ["GRANT SELECT ON t TO r"]}, "red", "roles", "GRANT SELECT ON t TO r"),
        ({"not_compared": "permission denied"}, "note", "schema", "permission denied"),
        ({"server": {"time_zone": "UTC"}}, "red", "time zone", "Asia/Kolkata"),
        ({"settings": {"fsync": "off"}}, "red", "fsync", "loses the database"),
        ({"buffers": 2**27}, "red", "shared_buffers", "a quarter"),
        (
            {"settings": {"timescaledb.restoring": "on"}},
            "red",
            "timescaledb.restoring",
            "timescaledb_post_restore()",
        ),
        ({"settings": {"max_worker_processes": "8"}}, "red", "max_worker_processes", "27"),
        (
            {"settings": {"shared_preload_libraries": "timescaledb"}},
            "note",
            "shared_preload_libraries",
            "pg_stat_statements",
        ),
        (
            {"hypertables": [{"name": "public.t", "chunks": 2000}]},
            "red",
            "max_locks_per_transaction",
            "2000 chunks",
        ),
        (
            {"policies": [policy(last_status="error", last_error="disk full")]},
            "red",
            "archive of public.t",
            "disk full",
        ),
        (
            {"policies": [policy(is_overdue=True)]},
            "red",
            "archive of public.t",
            "db maintain --schedule",
        ),
        (
            {"policies": [policy(is_overdue=True, next_run=None, run_by="TimescaleDB")]},
            "red",
            "archive of public.t",
            "for two intervals",
        ),
        ({"policies": [policy(is_paused=True)]}, "red", "archive of public.t", "is paused"),
        ({"invalid_indexes": ["public.i"]}, "red", "public.i", "is invalid"),
        (
            {"skipped": [{"feature": "columnstore", "target": "public.t", "reason": "Apache"}]},
            "note",
            "public.t",
            "columnstore: Apache",
        ),
        ({"writeback": "gathers 2 GB"}, "note", "disk", "gathers 2 GB"),
        ({"conversions": [conversion()]}, "red", "public.t", "4 of 9 windows copied"),
        ({"conversions": [conversion(is_running=True)]}, "note", "public.t", "being converted"),
        ({"conversions": [conversion(phase="swapped")]}, "note", "public.t", "finish"),
    ],
)
def test_each_rule_says_what_is_wrong_and_what_to_do(
    changes: dict[str, Any], severity: str, subject: str, words: str
) -> None:
    (finding,) = findings(healthy(**changes))

    assert (finding.severity, finding.subject) == (severity, subject)
    assert words in finding.text


def test_an_ended_conversion_is_no_finding() -> None:
    assert findings(healthy(conversions=[conversion(phase="finished", ended_at=NOW)])) == []


def test_rows_in_quarantine_are_told_after_the_conversion_was_finished() -> None:
    kept_out = ({"reason": "no finite time", "rows": 3, "example": "x"},)
    ended = conversion(phase="finished", ended_at=NOW, quarantined=kept_out)

    (found,) = findings(healthy(conversions=[ended]))

    assert (found.severity, found.subject) == ("note", "public.t")
    assert "3 rows are in oi_convert.quarantine" in found.text


def test_rows_in_quarantine_are_red() -> None:
    kept_out = ({"reason": "duplicate", "rows": 3, "example": "[]"},)

    found = findings(healthy(conversions=[conversion(phase="swapped", quarantined=kept_out)]))

    assert [finding.severity for finding in found] == ["red", "note"]
    assert "3 rows are in oi_convert.quarantine" in found[0].text


def test_red_comes_first() -> None:
    found = findings(
        healthy(
            server={"installed_version": "2.30.0"},
            settings={"fsync": "off"},
        )
    )

    assert [finding.severity for finding in found] == ["red", "note"]
    assert isinstance(found[0], Finding)
