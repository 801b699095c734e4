"""What needs a hand, from one reading: pure rules, each with what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from db.convert.reporting import Report
from db.status.reading import Reading

MARKET_ZONE = "Asia/Kolkata"
_SMALL_BUFFERS_BYTES = 256 * 1024 * 1024
_BEFORE_SWAP = ("preparing", "capturing", "copying", "indexing", "verifying", "ready")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth a sentence; `red` needs a hand, `note` is good to know."""

    severity: Literal["red", "note"]
    subject: str
    text: str


def findings(reading: Reading) -> list[Finding]:
    """Everything that is not as it should be, red first."""
    found = [
        *_server(reading),
        *_schema(reading),
        *_roles(reading),
        *_faults(reading),
        *_settings(reading),
        *_system(reading),
        *_policies(reading),
        *_conversions(reading),
        *_publications(reading),
        *(
            Finding(
                "red",
                name,
                "has an empty sparse_index, at which a DELETE, an UPDATE or a SELECT crashes the "
                "server (TimescaleDB #10414): "
                f"ALTER TABLE {name} RESET (timescaledb.sparse_index), "
                "then decompress_chunk and compress_chunk each of its chunks that is there",
            )
            for name in reading.empty_sparse_indexes
        ),
        *(
            Finding(
                "red",
                source["name"],
                "has row security, and its rollups show all of it to whoever may read them "
                f"({', '.join(source['rollups'])}): revoke their SELECT, or drop them",
            )
            for source in reading.secured_sources
        ),
        *(
            Finding(
                "note",
                replaced["target"],
                f"{replaced['rows']:,} archived rows were replaced by newer ones of their key; the "
                "older ones are in timescale_engine.superseded",
            )
            for replaced in reading.superseded
        ),
        *(
            Finding("red", name, "is invalid; `python -m db indexes` mends it")
            for name in reading.invalid_indexes
        ),
        *(
            Finding("note", skipped["target"], f"{skipped['feature']}: {skipped['reason']}")
            for skipped in reading.skipped
        ),
    ]
    return sorted(found, key=lambda finding: finding.severity != "red")


def _server(reading: Reading) -> Iterator[Finding]:
    server = reading.server
    version = server["timescaledb_version"]
    if version is None:
        yield Finding("red", "extension", "timescaledb is missing: CREATE EXTENSION timescaledb")
        return
    if server["installed_version"] != version:
        yield Finding(
            "note",
            "extension",
            f"{version} is loaded, {server['installed_version']} installed: "
            "ALTER EXTENSION timescaledb UPDATE, as the first statement of a session",
        )
    if server["time_zone"] != MARKET_ZONE:
        yield Finding(
            "red",
            "time zone",
            f"is {server['time_zone']}: policies on market time run hours off; "
            f"ALTER DATABASE … SET timezone = '{MARKET_ZONE}'",
        )


def _schema(reading: Reading) -> Iterator[Finding]:
    if reading.server["timescaledb_version"] is None:
        return
    found, known = reading.revisions, reading.known_revisions
    foreign = [revision for revision in found if revision not in known]
    if not found:
        yield Finding("red", "schema", "was never migrated: alembic upgrade head")
    elif foreign:
        yield Finding(
            "red",
            "schema",
            f"is at {', '.join(foreign)}, which this program does not know: it was migrated by a "
            "later one, or by another project",
        )
    elif len(found) > 1:
        yield Finding(
            "red",
            "schema",
            f"is at {len(found)} revisions at once ({', '.join(found)}): "
            "alembic_version may hold only the newest of them",
        )
    elif found[0] != known[-1]:
        yield Finding(
            "red", "schema", f"is at {found[0]}, behind {known[-1]}: alembic upgrade head"
        )
    for difference in reading.differences or ():
        yield Finding(
            "red",
            "schema",
            f"{difference}; `alembic revision --autogenerate` writes what brings it back",
        )
    if reading.not_compared:
        yield Finding(
            "note", "schema", f"was not compared with its declaration: {reading.not_compared}"
        )


def _roles(reading: Reading) -> Iterator[Finding]:
    if reading.missing_roles:
        yield Finding(
            "note",
            "roles",
            "are not all there; an account that may make them runs `python -m db roles grant`",
        )
    elif reading.missing_rights:
        yield Finding(
            "red",
            "roles",
            f"lack {len(reading.missing_rights)} rights, the first by "
            f"{reading.missing_rights[0]}; `python -m db roles grant` gives them",
        )


def _faults(reading: Reading) -> Iterator[Finding]:
    yield from (Finding("note", "version", fault) for fault in reading.faults)


def _settings(reading: Reading) -> Iterator[Finding]:
    settings = {name: row["setting"] for name, row in reading.settings.items()}
    for name, cost in (
        ("fsync", "a crash of the machine loses the database"),
        ("full_page_writes", "a crash of the machine can tear pages"),
        ("autovacuum", "statistics and visibility go stale"),
    ):
        if settings.get(name) == "off":
            yield Finding("red", name, f"is off: {cost}")
    if settings.get("timescaledb.restoring") == "on":
        yield Finding(
            "red",
            "timescaledb.restoring",
            "is on: no hypertable takes rows; once a restore has ended, "
            "SELECT timescaledb_post_restore()",
        )
    buffers = reading.settings.get("shared_buffers", {}).get("size_bytes")
    if buffers is not None and buffers < _SMALL_BUFFERS_BYTES:
        yield Finding("red", "shared_buffers", "is small; a quarter of the memory is usual")
    yield from _locks(reading, int(settings["max_locks_per_transaction"]))
    yield from _workers(settings)
    if "pg_stat_statements" not in settings.get("shared_preload_libraries", ""):
        yield Finding(
            "note",
            "shared_preload_libraries",
            "lacks pg_stat_statements, which `advise` and `slow` read",
        )


def _system(reading: Reading) -> Iterator[Finding]:
    if reading.writeback:
        yield Finding("note", "disk", reading.writeback)


def _locks(reading: Reading, locks: int) -> Iterator[Finding]:
    largest = max(reading.hypertables, key=lambda table: table["chunks"], default=None)
    if largest is not None and largest["chunks"] > 2 * locks:
        yield Finding(
            "red",
            "max_locks_per_transaction",
            f"is {locks}, but {largest['name']} has {largest['chunks']} chunks; a statement over "
            f"all of them takes a lock each, so set it to {largest['chunks']} or more",
        )


def _workers(settings: dict[str, str]) -> Iterator[Finding]:
    own = int(settings.get("timescaledb.max_background_workers") or 0)
    parallel = int(settings["max_parallel_workers"])
    needed = 3 + own + parallel
    if int(settings["max_worker_processes"]) < needed:
        yield Finding(
            "red",
            "max_worker_processes",
            f"is {settings['max_worker_processes']}, but TimescaleDB's {own} and {parallel} "
            f"parallel workers need {needed}",
        )


def _policies(reading: Reading) -> Iterator[Finding]:
    for policy in reading.policies:
        subject = f"{policy['kind']} of {policy['target']}"
        if policy["is_paused"]:
            yield Finding("red", subject, "is paused: nothing of it runs until it is resumed")
        elif policy["last_status"] == "error":
            yield Finding("red", subject, f"failed: {policy['last_error'] or 'see the log'}")
        elif policy["is_overdue"]:
            who = (
                "run `python -m db maintain --schedule 30` or let the app do it"
                if policy["run_by"] == "toolkit"
                else "is timescaledb.max_background_workers used up?"
            )
            due = policy["next_run"]
            what = (
                f"should have run at {due:%Y-%m-%d %H:%M}"
                if due is not None
                else "has not ended with success for two intervals"
            )
            yield Finding("red", subject, f"{what}; {who}")


def _publications(reading: Reading) -> Iterator[Finding]:
    for publication in reading.publications:
        name = publication["name"]
        if publication["covers"] is not None:
            yield Finding(
                "red",
                f"publication {name}",
                f"covers every table of {publication['covers']}: chunks have no replica identity, "
                "so that updates of them fail, and no subscriber has them; make one that names "
                f"tables: DROP PUBLICATION {name}",
            )
            continue
        for table in publication["hypertables"]:
            yield Finding(
                "red",
                f"publication {name}",
                f"names the hypertable {table}: its subscriber stops at the next chunk, which it "
                "does not have, and its slot keeps WAL; "
                f"ALTER PUBLICATION {name} DROP TABLE {table}, and drop the slot",
            )

    for subscription in reading.subscribed:
        yield Finding(
            "red",
            f"subscription {subscription['name']}",
            f"writes into the hypertable {subscription['hypertable']}, past its chunks, where no "
            "reader sees it: drop the table from its publication, then refresh the subscription",
        )


def _conversions(reading: Reading) -> Iterator[Finding]:
    for conversion in reading.conversions:
        if conversion.ended_at is None:
            yield _conversion(conversion)
        kept_out = sum(row["rows"] for row in conversion.quarantined)
        if kept_out and conversion.phase != "undone":
            yield Finding(
                "red" if conversion.ended_at is None else "note",
                conversion.table,
                f"{kept_out:,} rows are in oi_convert.quarantine with their reason",
            )


def _conversion(conversion: Report) -> Finding:
    done = f"{conversion.windows_copied} of {conversion.windows} windows copied"
    command = f"python -m db convert run {conversion.table}"
    if conversion.phase not in _BEFORE_SWAP:
        return Finding(
            "note",
            conversion.table,
            "is converted; the replaced table is kept in step until `python -m db convert finish`",
        )
    if conversion.is_running:
        return Finding("note", conversion.table, f"is being converted ({done})")
    return Finding("red", conversion.table, f"its conversion stopped ({done}); `{command}` goes on")
