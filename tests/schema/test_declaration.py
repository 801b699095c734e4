"""The declaration, the migrations and a migrated database hold the same schema."""

import pytest
from alembic import command
from sqlalchemy import URL

from db import migrate
from db.revision_files import sql_files
from db.schema import metadata
from db.schema.live_edge import LIVE_EDGE_SQL
from tests.support.paths import ROOT

REVISIONS_SQL = ROOT / "alembic" / "versions" / "sql"


def test_a_migrated_database_is_what_is_declared(database: URL) -> None:
    command.check(migrate.configuration(database))


def test_there_is_one_head() -> None:
    assert len(migrate.heads()) == 1


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
