"""What stands in the way of a conversion, and how to clear it."""

from collections.abc import Collection, Mapping, Sequence

from db.convert import facts
from db.convert.errors import BlockedError
from db.convert.facts import TableFacts
from db.convert.session import Connection, catalog

_GO_FIRST = "`alembic downgrade` removes them first."


def require_none(connection: Connection, table: TableFacts) -> None:
    """Raises BlockedError with every obstacle in one message."""
    found = obstacles(connection, table)
    if found:
        raise BlockedError(f"{table.schema}.{table.name} cannot be converted: {' '.join(found)}")


def obstacles(
    connection: Connection, table: TableFacts, *, removed_first: Collection[str] | None = None
) -> list[str]:
    """Sentences that each say what is in the way and what to do; empty when nothing is.

    On a way down the rollups of the toolkit go first, `removed_first` among the continuous
    aggregates.
    """
    return [
        *_kind(table),
        *_dependents(connection, table),
        *_rollups(connection, table, removed_first),
        *facts.labels(catalog(connection, "peculiarities", oid=table.oid)),
        *(
            f"Column {column.name} is an identity column; turn it into a serial default."
            for column in table.columns
            if column.is_identity
        ),
        *(
            f"Index {index.name} is invalid; drop or rebuild it."
            for index in table.indexes
            if not index.is_valid
        ),
    ]


def remarks(connection: Connection, table: TableFacts) -> list[str]:
    """What will be carried along, worth knowing beforehand."""
    carried = {
        "publications": facts.labels(catalog(connection, "publications", oid=table.oid), "name"),
        "triggers": facts.labels(catalog(connection, "triggers", oid=table.oid), "name"),
        "views": facts.labels(
            [v for v in catalog(connection, "views", oid=table.oid) if v["kind"] == "v"], "name"
        ),
        "foreign keys": facts.labels(catalog(connection, "outgoing_keys", oid=table.oid), "name"),
    }
    lines = [f"carries its {what}: {', '.join(names)}" for what, names in carried.items() if names]
    if carried["publications"] and not table.is_hypertable:
        lines.append("subscribers see chunks made later only once they are added to a publication")
    return lines


def _kind(table: TableFacts) -> list[str]:
    found = []
    if table.kind != "r":
        found.append("It is no ordinary table.")
    if table.is_inherited:
        found.append("It inherits or is inherited from; detach its relatives.")
    if table.has_row_security:
        found.append("Row security is on; hypertables in conversion do not carry policies.")
    if table.has_rules:
        found.append("It has rules; replace them with triggers.")
    names = (table.schema, table.name, *(column.name for column in table.columns))
    if odd := [name for name in names if "%" in name]:
        found.append(f"The driver takes a % in a name for its own ({', '.join(odd)}); rename it.")
    return found


def _dependents(connection: Connection, table: TableFacts) -> list[str]:
    incoming = facts.labels(catalog(connection, "incoming_keys", oid=table.oid))
    materialized = facts.labels(
        [v for v in catalog(connection, "views", oid=table.oid) if v["kind"] == "m"], "name"
    )
    functions = facts.labels(catalog(connection, "functions", oid=table.oid))
    disabled = [
        row["name"]
        for row in catalog(connection, "triggers", oid=table.oid)
        if row["enabled"] == "D"
    ]
    others = facts.labels(catalog(connection, "dependents", oid=table.oid))
    sentences = {
        "Triggers are disabled ({}), which a hypertable's cannot be; drop them.": disabled,
        "Foreign keys refer to it ({}); drop them.": incoming,
        "Materialized views read it ({}); drop them and make them again afterwards.": materialized,
        "Functions are bound to its row type ({}); drop them and make them again.": functions,
        "It is used by what cannot follow it ({}); drop these and make them again.": others,
    }
    return _said(sentences)


def _rollups(
    connection: Connection, table: TableFacts, removed_first: Collection[str] | None
) -> list[str]:
    if not table.is_hypertable:
        return []
    aggregates = facts.labels(catalog(connection, "aggregates", hypertable_id=table.hypertable_id))
    engine = [
        row["name"]
        for row in catalog(connection, "triggers", oid=table.oid)
        if row["function_schema"] == "timescale_engine"
    ]
    if removed_first is not None:
        others = [name for name in aggregates if name not in removed_first]
        return _said({"Continuous aggregates read it ({}); drop them.": others})
    return _said(
        {
            f"Continuous aggregates read it ({{}}); {_GO_FIRST}": aggregates,
            f"Rollups read it ({{}}); {_GO_FIRST}": engine,
        }
    )


def _said(sentences: Mapping[str, Sequence[str]]) -> list[str]:
    return [text.format(", ".join(names)) for text, names in sentences.items() if names]
