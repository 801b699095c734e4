"""The declaration, the migrations and a migrated database hold the same schema."""

import pytest
from alembic import command
from sqlalchemy import URL

from db import migrate
from db.revision_sql import sql_files
from db.schema import metadata
from db.schema.live_edge import LIVE_EDGE_SQL
from tests.support.databases import connection
from tests.support.paths import ROOT

REVISIONS_SQL = ROOT / "alembic" / "versions" / "sql"

DEFINITIONS = """
    SELECT pg_get_functiondef(p.oid) AS definition
    FROM pg_proc AS p
    WHERE p.pronamespace = 'live_edge'::regnamespace
    UNION ALL
    SELECT pg_get_triggerdef(t.oid)
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE t.tgname LIKE 'live_edge_%' AND c.relnamespace = 'public'::regnamespace
    ORDER BY definition
"""


def test_a_migrated_database_is_what_is_declared(database: URL) -> None:
    command.check(migrate.configuration(database))


def test_there_is_one_head() -> None:
    assert len(migrate.heads()) == 1


def test_live_edge_functions_are_what_is_declared(database: URL) -> None:
    with connection(database) as session:
        migrated = session.execute(DEFINITIONS).fetchall()
        for name in LIVE_EDGE_SQL:
            (path,) = sql_files(name)
            session.execute(path.read_text())
        declared = session.execute(DEFINITIONS).fetchall()
    assert len(migrated) > 20
    assert migrated == declared


def test_the_declaration_names_the_newest_text_of_each_file() -> None:
    newest = {}
    for path in sorted(REVISIONS_SQL.glob("*/*.sql")):
        newest[path.stem] = f"{path.parent.name}/{path.stem}"
    assert list(LIVE_EDGE_SQL) == [newest[stem] for stem in sorted(newest)]


def test_sql_of_a_revision_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        sql_files("0000_nothing")


def test_the_legacy_columns_are_all_declared() -> None:
    from db.baseline.tables import metadata as legacy

    for name, table in legacy.tables.items():
        declared = metadata.tables[name].columns
        for column in table.columns:
            assert column.name in declared, f"{name}.{column.name}"
            assert declared[column.name].nullable == column.nullable, f"{name}.{column.name}"
