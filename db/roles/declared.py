"""What each role may do: the one declaration of rights.

The roles are groups of the whole cluster that nobody signs in as; an account that does is a member
of one. The owner's has all rights by owning what was handed over to it (`db.roles.owning`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from db.schema import metadata
from db.timescale.specs import ArchivePolicy, RollupSpec, declared

OWNER, READER, WRITER, WEB = "oi_owner", "oi_reader", "oi_writer", "oi_web"
ROLES = (OWNER, READER, WRITER, WEB)
"""The owner migrates; readers see the market; writers store it; web shows it and keeps what is its
users' own."""

SCHEMAS = ("public", "timescale_engine", "live_edge", "archive")
INNER_SCHEMAS = ("timescale_engine", "archive")
"""Those of which readers may see every relation."""
ROUTINES = ("market_now",)
"""What is ours of the functions of the schema public."""

# passwords' hashes, sealed secrets and sessions; what users keep for themselves
_PEOPLE = frozenset({"site_users", "site_sessions", "site_attempts", "site_second_factors"})
_OWN = frozenset(
    {"alerts", "alert_events", "alert_looks", "paper_orders", "paper_positions", "paper_fills"}
)
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Right:
    """One privilege of a role on a relation of the schema public, or on columns of it."""

    role: str
    relation: str
    privilege: str
    columns: Sequence[str] = ()


# what the dashboard changes, each by a statement of db/ingest
_WEB_WRITES: Mapping[str, Sequence[str | tuple[str, Sequence[str]]]] = {
    "site_users": ("SELECT",),
    "site_sessions": ("SELECT", "INSERT", "DELETE", ("UPDATE", ("seen_at",))),
    "site_attempts": _ALL,
    "site_second_factors": _ALL,
    "alerts": (
        *("SELECT", "INSERT", "DELETE"),
        ("UPDATE", ("params", "enabled", "repeats", "cooldown_s", "state", "revision")),
    ),
    "alert_events": ("SELECT",),
    "alert_looks": ("SELECT",),
    "paper_orders": ("SELECT", "INSERT", ("UPDATE", ("status",))),
    "paper_positions": (
        *("SELECT", "INSERT"),
        ("UPDATE", ("exchange", "lot_size", "units", "average_price", "realised", "opened")),
    ),
    "paper_fills": ("SELECT", "INSERT"),
    "paper_trading_metrics": ("INSERT",),
    "performance_samples": ("INSERT",),
    "performance_alerts": ("INSERT", ("UPDATE", ("resolved_at",))),
    "predictions": (("UPDATE", ("feedback",)),),
}


def rights() -> Iterator[Right]:
    """All rights on relations of the schema public; a relation may not be there yet."""
    market = [name for name in metadata.tables if name not in _PEOPLE | _OWN]
    views = [spec.name for spec in declared(metadata, RollupSpec)]
    views += [spec.history_view for spec in declared(metadata, ArchivePolicy) if spec.history_view]
    for relation in (*market, *views, "alembic_version"):
        yield Right(READER, relation, "SELECT")
    for relation in (*market, *sorted(_OWN)):
        yield from (Right(WRITER, relation, privilege) for privilege in _ALL)
    for relation, privileges in _WEB_WRITES.items():
        for given in privileges:
            privilege, columns = (given, ()) if isinstance(given, str) else given
            yield Right(WEB, relation, privilege, columns)
