"""What was made of a table since its swap: the quick way back would lose it."""

from db.convert import facts
from db.convert.errors import BlockedError
from db.convert.facts import TableFacts
from db.convert.model import Job
from db.convert.session import Connection, catalog


def news(connection: Connection, job: Job) -> list[str]:
    """What the table in use has and the replaced one lacks, each once, as `column mine`.

    A conversion of its own carries it back, or refuses it in a sentence.
    """
    live = facts.named(connection, job.live.as_string(connection))
    replaced = facts.named(connection, job.replaced.as_string(connection))
    rows = catalog(
        connection,
        "news",
        live=live.oid,
        replaced=replaced.oid,
        time=job.blueprint.time_column,
        known=[index.name for index in job.blueprint.indexes],
    )
    return list(dict.fromkeys(facts.labels(rows)))


def require_none(connection: Connection, job: Job, live: TableFacts) -> None:
    """Raises BlockedError when something was built on the new table that the old one lacks."""
    found = news(connection, job)
    found += facts.labels(catalog(connection, "dependents", oid=live.oid))
    found += facts.labels(catalog(connection, "incoming_keys", oid=live.oid))
    found += facts.labels(catalog(connection, "functions", oid=live.oid))
    found += [v["name"] for v in catalog(connection, "views", oid=live.oid) if v["kind"] == "m"]
    if live.is_hypertable:
        found += facts.labels(catalog(connection, "aggregates", hypertable_id=live.hypertable_id))
    if found:
        raise BlockedError(
            f"{job.label} carries what the old table does not know ({', '.join(found)}). Remove "
            f"it, or `python -m db convert finish {job.label}` first: then `undo` is a conversion "
            "of its own, which carries what a plain table can have; `alembic downgrade` does so by "
            "itself."
        )
