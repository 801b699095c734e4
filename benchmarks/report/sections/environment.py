"""What the figures were measured on."""

from collections.abc import Mapping
from typing import Any

from benchmarks.report.blocks import Note, Section, Table, text


def environment_section(document: Mapping[str, Any]) -> Section:
    """Machine, program, servers and their settings."""
    machine = document["machine"]
    revision = machine["git_revision"] or "unknown"
    changed = "" if machine["git_clean"] else ", with changes not committed"
    facts = {
        "Started": document["started_at"],
        "Took": _took(document),
        "Processor": f"{machine['processor']}, {machine['cores']} cores",
        "Memory": f"{machine['memory_bytes'] / 2**30:.0f} GiB",
        "System": f"{machine['system']}, Python {machine['python']}",
        "Revision": f"{revision[:12]}{changed}",
    }
    servers = unique_servers(document)
    for number, server in enumerate(servers, 1):
        facts[f"Server {number}" if len(servers) > 1 else "Server"] = server_line(server)
    blocks = [
        Note(f"Settings of {server_line(server)}") if len(servers) > 1 else Note("Settings")
        for server in servers
    ]
    tables = [
        Table(["setting", "value"], [[text(k), text(v)] for k, v in server["settings"].items()])
        for server in servers
    ]
    mixed = [block for pair in zip(blocks, tables, strict=True) for block in pair]
    return Section("Measured on", mixed, facts=facts)


def _took(document: Mapping[str, Any]) -> str:
    """The whole, and the parts of which it is made."""
    parts = [f"{part['command']} {part['duration_s']:.0f}" for part in document.get("parts", ())]
    return f"{document['duration_s']:.0f} s" + (f": {', '.join(parts)}" if parts else "")


def server_line(server: Mapping[str, Any]) -> str:
    """A server in words."""
    timescale = f" + TimescaleDB {server['timescaledb']}" if server["timescaledb"] else ""
    edition = f" ({server['edition']})" if server["edition"] else ""
    return f"PostgreSQL {server['postgres']}{timescale}{edition}"


def unique_servers(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The servers of a result and its parts, each once."""
    servers: dict[str, Mapping[str, Any]] = {}
    for part in [document, *document.get("parts", [])]:
        for server in part.get("servers", []):
            servers.setdefault(server_line(server), server)
    return list(servers.values())
