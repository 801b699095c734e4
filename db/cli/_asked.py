"""What is asked of a table, and what stands in its way, as commands need it."""

from typing import TYPE_CHECKING

from db.errors import InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from db.convert import Plan
    from db.timescale.converter import Conversion


def with_survey(url: "URL", plans: "list[Plan]") -> "tuple[list[Plan], list[str]]":
    """The plans with what would stop an upgrade there, and what would stop it anywhere."""
    from dataclasses import replace

    from db.ahead import survey
    from db.baseline.tables import metadata as legacy
    from db.schema import metadata

    if not plans:
        return plans, []
    found = survey(url, legacy, metadata, quarantines=True)

    def lines(table: str | None) -> list[str]:
        return [obstacle.sentence for obstacle in found if obstacle.table == table]

    merged = [
        replace(one, obstacles=tuple(dict.fromkeys([*one.obstacles, *lines(one.table_name)])))
        for one in plans
    ]
    return merged, lines(None)


def asked(url: "URL", table: str | None) -> "list[Conversion]":
    """What the declaration asks of one table, or of all that are not hypertables yet."""
    from db.convert import facts, request
    from db.convert.session import connect, require_extension
    from db.schema import metadata
    from db.timescale.specs import HypertableSpec, declared

    with connect(url) as connection:
        require_extension(connection)
        if table is not None:
            return [request.from_declaration(metadata, facts.named(connection, table))]
        names = [spec.table for spec in declared(metadata, HypertableSpec)]
        there = [facts.named(connection, n) for n in names if facts.find(connection, n)]
        plain = [found for found in there if not found.is_hypertable]
        return [request.from_declaration(metadata, found) for found in plain]


def one_asked(url: "URL", table: str) -> "Conversion":
    return asked(url, table)[0]


def is_open(url: "URL", table: str) -> bool:
    from db.convert import facts, state
    from db.convert.session import connect, install

    with connect(url) as connection:
        install(connection)
        found = facts.named(connection, table)
        return state.open_job(connection, found.schema, found.name) is not None


def way_back(url: "URL", table: str) -> "Conversion":
    """What a table was before its last finished conversion."""
    from db.convert import facts, state
    from db.convert.session import connect, install

    with connect(url) as connection:
        install(connection)
        found = facts.named(connection, table)
        request = state.last_request(connection, found.schema, found.name)
    if request is None:
        raise InvalidInputError(
            f"{table} was not converted by this program, so what it was is not known here; "
            "`alembic downgrade` knows it."
        )
    return request
