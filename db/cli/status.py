"""Show what the database holds, how it does, and what needs a hand."""

from typing import TYPE_CHECKING, Any

import click

from db.cli._output import as_json_option, json_text, table_text
from db.sizes import size_text

if TYPE_CHECKING:
    from db.status.findings import Finding
    from db.status.reading import Reading


@click.command(help=__doc__, epilog="Exit code 1 when something is red.")
@as_json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    from dataclasses import asdict

    from db.engine import direct_engine
    from db.status.findings import findings
    from db.status.reading import read

    reading = read(direct_engine(read_only=True))
    found = findings(reading)
    if as_json:
        shown = {**asdict(reading), "findings": [asdict(one) for one in found]}
        click.echo(json_text(shown))
    else:
        for section in _sections(reading):
            click.echo(section + "\n")
        _echo_findings(found)
    context.exit(1 if any(one.severity == "red" for one in found) else 0)


def _sections(reading: "Reading") -> list[str]:
    sections = [
        _server(reading.server),
        _hypertables(reading.hypertables),
        _rollups(reading.rollups),
        _policies(reading.policies),
        _archives(reading.archives),
        _conversions(reading),
    ]
    return [section for section in sections if section]


def _server(server: dict[str, Any]) -> str:
    timescaledb = server["timescaledb_version"] or "missing"
    return (
        f"{server['database']}: PostgreSQL {server['postgres_version']}, TimescaleDB "
        f"{timescaledb} {server['edition'] or ''}, {size_text(server['size_bytes'])}, "
        f"revision {server['revision'] or 'none'}, {server['connections']} connections"
    )


def _hypertables(hypertables: list[dict[str, Any]]) -> str:
    headings = ("hypertable", "rows", "chunks", "of", "table", "indexes", "columnstore")
    return _titled(
        headings,
        [
            (
                table["name"],
                f"{table['estimated_rows']:,}",
                table["chunks"],
                table["chunk_interval"],
                size_text(table["table_bytes"]),
                size_text(table["index_bytes"]),
                f"{table['columnstore_ratio']} ×" if table["columnstore_ratio"] else None,
            )
            for table in hypertables
        ],
    )


def _rollups(rollups: list[dict[str, Any]]) -> str:
    headings = ("rollup", "kept by", "bucket", "materialized up to", "changes waiting")
    return _titled(
        headings,
        [
            (
                rollup["name"],
                "TimescaleDB" if rollup["native"] else "toolkit",
                rollup["bucket"],
                rollup["watermark"],
                None if rollup["native"] else rollup["backlog"],
            )
            for rollup in rollups
        ],
    )


def _policies(policies: list[dict[str, Any]]) -> str:
    headings = ("policy", "of", "run by", "every", "last run", "", "next run")
    return _titled(
        headings,
        [
            (
                policy["kind"],
                policy["target"],
                policy["run_by"],
                policy["schedule_interval"],
                _moment(policy["last_run"]),
                policy["last_status"] or "",
                _moment(policy["next_run"]),
            )
            for policy in policies
        ],
    )


def _archives(archives: list[dict[str, Any]]) -> str:
    headings = ("archive of", "after", "hot chunks", "archived chunks", "size")
    return _titled(
        headings,
        [
            (
                archive["table"],
                archive["archive_after"],
                archive["hot_chunks"],
                archive["archived_chunks"],
                size_text(archive["archived_bytes"]),
            )
            for archive in archives
        ],
    )


def _conversions(reading: "Reading") -> str:
    headings = ("conversion", "direction", "phase", "windows", "rows", "waiting", "quarantined")
    return _titled(
        headings,
        [
            (
                one.table,
                one.direction,
                one.phase,
                f"{one.windows_copied} of {one.windows}",
                f"{one.rows_copied:,}",
                one.log_entries,
                sum(row["rows"] for row in one.quarantined),
            )
            for one in reading.conversions
            if one.ended_at is None
        ],
    )


def _titled(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    return table_text(headings, rows) if rows else ""


def _moment(value: Any) -> str | None:
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else None


def _echo_findings(found: "list[Finding]") -> None:
    for one in found:
        mark = click.style("red ", fg="red", bold=True) if one.severity == "red" else "note"
        click.echo(f"{mark} {one.subject}: {one.text}")
    if not found:
        click.echo("Nothing needs a hand.")
