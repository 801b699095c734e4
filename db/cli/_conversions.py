"""How conversions are shown: a plan, a result, a report."""

from typing import TYPE_CHECKING

from db.cli._output import duration_text, json_text, table_text
from db.sizes import size_text

if TYPE_CHECKING:
    from db.convert import Plan, Report, Result


def plan_text(plan: "Plan") -> str:
    """What lies ahead for one table."""
    facts = [
        ("rows", f"about {plan.rows:,}, from {plan.oldest or '–'} to {plan.newest or '–'}"),
        ("size", f"{size_text(plan.table_bytes)} and {size_text(plan.index_bytes)} of indexes"),
        ("disk needed", _disk_text(plan)),
        ("time", _time_text(plan)),
        ("chunks", f"of {duration_text(plan.chunk_interval_s)}"),
        ("keys and indexes", ", ".join(plan.keys) or "none"),
        ("left behind", ", ".join(plan.leaves) or "nothing"),
        ("to quarantine", _quarantine_text(plan)),
    ]
    lines = [plan.table, *(f"  {name + ':':18}{text}" for name, text in facts)]
    lines += [f"  {remark}" for remark in plan.remarks]
    lines += [f"  IN THE WAY: {obstacle}" for obstacle in plan.obstacles]
    return "\n".join(lines)


def _disk_text(plan: "Plan") -> str:
    free = "not known from here" if plan.free_bytes is None else size_text(plan.free_bytes)
    return f"{size_text(plan.disk_bytes)} until the old table is dropped; free: {free}"


def _time_text(plan: "Plan") -> str:
    if plan.sample_rows_per_s is None:
        return "not measured: the table is empty, or the role may make no temporary one"
    return (
        f"about {duration_text(plan.estimated_s)} "
        "(a sample was copied, compared and indexed at "
        f"{plan.sample_rows_per_s:,.0f} rows/s by one worker)"
    )


def _quarantine_text(plan: "Plan") -> str:
    duplicates = "none, a unique key proves it" if plan.duplicates is None else plan.duplicates
    return f"duplicates of the natural key: {duplicates}; rows without a time: {plan.without_time}"


def result_text(result: "Result", as_json: bool) -> str:
    """What a run did."""
    if as_json:
        return json_text(
            {
                "conversion_id": result.conversion_id,
                "table": result.table,
                "direction": result.direction,
                "phase": result.phase,
                "rows": result.rows,
                "seconds": result.seconds,
                "rows_per_s": result.rows_per_s,
                "swap_ms": result.swap_ms,
                "quarantined": result.quarantined,
                "phase_seconds": dict(result.phase_seconds),
            }
        )
    rate = f" ({result.rows_per_s:,.0f} rows/s)" if result.rows_per_s else ""
    lines = [
        f"{result.table}: {result.phase}. {result.rows:,} rows in {result.seconds:.1f} s{rate}."
    ]
    if result.swap_ms is not None:
        lines.append(
            f"The swap held its lock for {result.swap_ms:.0f} ms. The old table is kept in step: "
            "`undo` goes back, `finish` drops it."
        )
    if result.quarantined:
        lines.append(
            f"{result.quarantined:,} rows could not be taken over: `status` says why; they are in "
            "oi_convert.quarantine."
        )
    return "\n".join(lines)


def report_text(report: "Report") -> str:
    """One conversion with its audit trail."""
    state = [report.phase]
    state += ["running now"] if report.is_running else []
    state += ["paused"] if report.paused else []
    state += ["swap held"] if report.hold_swap else []
    lines = [
        f"{report.conversion_id}  {report.table}  {report.direction}: {', '.join(state)}",
        f"  windows: {report.windows_copied} of {report.windows} copied, "
        f"{report.windows_verified} compared; {report.rows_copied:,} rows copied",
    ]
    if report.waiting_for:
        lines.append(f"  waiting: {report.waiting_for}")
    if report.log_entries is not None:
        lines.append(f"  changes waiting to be brought in step: {report.log_entries:,}")
    lines += [
        f"  quarantined: {row['rows']:,} rows, {row['reason']} (for example {row['example']})"
        for row in report.quarantined
    ]
    trail = table_text(
        ("when", "step", "detail"),
        [
            (
                f"{event['happened_at']:%Y-%m-%d %H:%M:%S.%f}"[:-3],
                event["step"],
                ", ".join(f"{name} {value}" for name, value in event["detail"].items()),
            )
            for event in report.events
        ],
    )
    return "\n".join([*lines, *("  " + line for line in trail.splitlines())])
