"""A legacy database without a revision is recognized, completed, or left alone with a reason."""

import pytest
from sqlalchemy import URL, create_engine

from db import migrate
from db.ahead import HostileDatabaseError
from db.baseline.adoption import FoundColumn, FoundTable, UnrecognizedDatabaseError, differences
from db.baseline.tables import metadata
from db.timescale.errors import ExtensionMissingError
from tests.hostile.states import state
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import contents, legacy_database, legacy_tables


def execute(url: URL, *statements: str) -> None:
    with connection(url) as session:
        for statement in statements:
            session.execute(statement)


def relations(url: URL) -> set[str]:
    with connection(url) as session:
        return {
            name
            for (name,) in session.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            )
        }


def test_ml_features_may_be_a_hypertable_already(empty_database: URL) -> None:
    legacy_tables(empty_database)
    execute(
        empty_database,
        "SELECT create_hypertable('ml_features', 'timestamp', "
        "chunk_time_interval => INTERVAL '7 days')",
        "INSERT INTO ml_features (timestamp, exchange, vix) VALUES ('2026-11-20 09:15', 'NSE', 12)",
    )
    before = contents(empty_database)
    migrate.upgrade(empty_database)
    assert contents(empty_database) == before


def test_columns_of_newer_installations_are_added(empty_database: URL) -> None:
    legacy_tables(empty_database)
    execute(
        empty_database,
        "ALTER TABLE ml_features DROP COLUMN news_sentiment_score, DROP COLUMN gamma_flip_level",
        "ALTER TABLE training_batches DROP COLUMN dataset_version",
    )
    migrate.upgrade(empty_database, "0001_baseline")
    found = contents(empty_database)
    assert found == {name: [] for name in metadata.tables}


def test_absent_tables_are_created(empty_database: URL) -> None:
    legacy_tables(empty_database)
    execute(empty_database, "DROP TABLE macro_signals", "DROP TABLE training_batches")
    migrate.upgrade(empty_database, "0001_baseline")
    assert {"macro_signals", "training_batches"} <= relations(empty_database)


def test_indexes_under_other_names_are_recognized(empty_database: URL) -> None:
    legacy_database(empty_database)
    execute(
        empty_database,
        "ALTER INDEX option_chain_snapshots_timestamp_exchange_idx RENAME TO idx_option_ts",
        "ALTER INDEX macro_signals_exchange_timestamp_idx RENAME TO idx_macro",
        "ALTER INDEX option_chain_snapshots_pkey RENAME TO its_pk",
        "DROP INDEX vix_term_structure_timestamp_idx",
    )
    migrate.upgrade(empty_database)
    found = relations(empty_database)
    assert {"macro_signals_exchange_timestamp_idx", "vix_term_structure_timestamp_idx"} <= found
    assert not {"idx_option_ts", "idx_macro", "its_pk"} & found


def test_a_database_of_something_else_is_left_alone(empty_database: URL) -> None:
    legacy_tables(empty_database)
    execute(
        empty_database,
        "ALTER TABLE ml_features ADD COLUMN surprise text",
        "ALTER TABLE option_chain_snapshots ALTER COLUMN strike TYPE numeric",
        "CREATE TABLE snapshots (id int)",
    )
    before = relations(empty_database)

    with pytest.raises(UnrecognizedDatabaseError) as raised:
        migrate.upgrade(empty_database)

    assert raised.value.differences == (
        "ml_features.surprise: the legacy program knows no such column.",
        "option_chain_snapshots.strike is NUMERIC, not DOUBLE PRECISION.",
        "snapshots: the name is needed here.",
    )
    assert relations(empty_database) - {"alembic_version", "alembic_version_pkc"} == before


def test_tables_of_another_schema_are_named_and_not_made_anew_beside(empty_database: URL) -> None:
    """Else the old program would go on there, and every page would be empty."""
    legacy_database(empty_database)
    execute(
        empty_database,
        'CREATE SCHEMA "Market"',
        'ALTER TABLE option_chain_snapshots SET SCHEMA "Market"',
        # a name alone is nothing
        'CREATE TABLE "Market".ml_features (id int)',
        "DROP TABLE ml_features",
    )
    before = relations(empty_database)

    with pytest.raises(UnrecognizedDatabaseError) as raised:
        migrate.upgrade(empty_database)

    (sentence,) = raised.value.differences
    assert 'ALTER TABLE "Market".option_chain_snapshots SET SCHEMA public' in sentence
    assert relations(empty_database) == before
    execute(empty_database, 'ALTER TABLE "Market".option_chain_snapshots SET SCHEMA public')
    migrate.upgrade(empty_database, "0001_baseline")


def test_names_that_the_old_program_needs_are_borne_by_nothing_else(empty_database: URL) -> None:
    legacy_tables(empty_database)
    execute(
        empty_database,
        "DROP TABLE exchange_metadata, training_batches, vix_term_structure",
        "CREATE VIEW exchange_metadata AS SELECT 'NSE' AS exchange",
        "CREATE TYPE training_batches AS ENUM ('one')",
        "CREATE SEQUENCE vix_term_structure_pkey",
        "DROP INDEX macro_signals_exchange_timestamp_idx",
        "CREATE TABLE macro_signals_exchange_timestamp_idx (id int)",
    )

    with pytest.raises(UnrecognizedDatabaseError) as raised:
        migrate.upgrade(empty_database)

    assert raised.value.differences == (
        "exchange_metadata: the name is needed here.",
        "macro_signals_exchange_timestamp_idx: the name is needed here.",
        "training_batches: the name is needed here.",
        "vix_term_structure_pkey: the name is needed here.",
    )


def test_a_chain_that_somebody_made_a_hypertable_is_told_its_way(empty_database: URL) -> None:
    legacy_database(empty_database)
    before = contents(empty_database)
    execute(
        empty_database,
        "ALTER TABLE option_chain_snapshots DROP CONSTRAINT option_chain_snapshots_pkey",
        "SELECT create_hypertable('option_chain_snapshots', 'timestamp', migrate_data => true)",
    )
    with pytest.raises(UnrecognizedDatabaseError, match="ADD PRIMARY KEY \\(id\\) there"):
        migrate.upgrade(empty_database)

    execute(
        empty_database,
        "CREATE TABLE copied (LIKE option_chain_snapshots INCLUDING ALL)",
        "INSERT INTO copied SELECT * FROM option_chain_snapshots",
        "ALTER TABLE copied ADD PRIMARY KEY (id)",
        "ALTER SEQUENCE option_chain_snapshots_id_seq OWNED BY copied.id",
        "DROP TABLE option_chain_snapshots",
        "ALTER TABLE copied RENAME TO option_chain_snapshots",
    )
    migrate.upgrade(empty_database)
    assert contents(empty_database) == before


def test_an_owner_gets_the_extension_with_the_first_upgrade(server: DatabaseServer) -> None:
    with server.owned_database("plain") as url:
        legacy_tables(url)
        migrate.upgrade(url, "0001_baseline")
        assert migrate.current(url) == "0001_baseline"


def test_an_upgrade_that_is_refused_leaves_no_extension(server: DatabaseServer) -> None:
    with server.owned_database("plain") as url:
        legacy_tables(url)
        execute(url, "CREATE MATERIALIZED VIEW oi_1m AS SELECT 1 AS one")
        before = relations(url)
        with pytest.raises(HostileDatabaseError, match="oi_1m has a name that is needed"):
            migrate.upgrade(url)
        assert relations(url) == before
        execute(url, "CREATE TABLE snapshots (id int)")
        with pytest.raises(UnrecognizedDatabaseError):
            migrate.upgrade(url)


@pytest.mark.parametrize("kind", ["nothing", "old program's tables"])
def test_a_way_down_from_no_revision_changes_nothing_and_says_so(
    plain_database: URL, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind != "nothing":
        legacy_tables(plain_database)
    before = state(plain_database)
    migrate.downgrade(plain_database, "base")
    assert state(plain_database) == before
    assert "there is nothing to take back" in capsys.readouterr().err


def test_who_may_not_make_the_extension_is_told_who_may(
    server: DatabaseServer, plain_database: URL
) -> None:
    legacy_tables(plain_database)
    before = relations(plain_database)
    with pytest.raises(ExtensionMissingError, match="run CREATE EXTENSION timescaledb"):
        migrate.upgrade(server.url_of("stranger", plain_database))
    assert relations(plain_database) == before


def test_a_missing_key_is_a_difference() -> None:
    wanted = metadata.tables["exchange_metadata"]
    dialect = create_engine("postgresql+psycopg://").dialect
    columns = tuple(
        FoundColumn(c.name, c.type.compile(dialect), c.nullable, False) for c in wanted.columns
    )
    found = FoundTable("exchange_metadata", columns, frozenset())
    assert list(differences(found, wanted, dialect)) == [
        "exchange_metadata: no primary or unique key on (exchange)."
    ]
