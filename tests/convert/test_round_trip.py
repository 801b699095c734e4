"""There and back: the rows, the definition, and everything that belongs to a table."""

import psycopg
import pytest
from sqlalchemy import URL

from db import convert
from tests.convert import legacy
from tests.convert.legacy import CHAIN, ROWS


def converted(url: URL, **options: object) -> convert.Result:
    return convert.run(
        url,
        legacy.conversion(),
        options=convert.RunOptions(window_rows=500, **options),  # type: ignore[arg-type]
    )


def test_conversion_keeps_every_row_and_makes_the_wanted_key(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    before = legacy.checksum(session)

    result = converted(legacy_database)

    assert legacy.is_hypertable(session)
    assert legacy.checksum(session) == before
    assert result.rows == ROWS
    assert result.phase is convert.Phase.SWAPPED
    found = legacy.definition(session)
    assert found["constraints"] == []
    assert [index.split(" USING ")[1] for index in found["indexes"]] == [
        'btree (exchange, "timestamp" DESC, strike, option_type)'
    ]


def test_undo_before_finish_restores_the_very_same_table_with_later_rows(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    definition = legacy.definition(session)
    converted(legacy_database)
    session.execute(legacy.save(legacy.FIRST, "NSE", 24050, 7))
    session.execute(legacy.save(legacy.FIRST.replace(year=2026), "NSE", 24050, 8))
    session.execute("DELETE FROM option_chain_snapshots WHERE strike = 24100")
    written = legacy.checksum(session)

    convert.undo(legacy_database, CHAIN)

    assert not legacy.is_hypertable(session)
    assert legacy.checksum(session) == written
    assert legacy.definition(session) == definition


def test_going_back_after_finish_restores_the_definition_with_later_rows(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    definition = legacy.definition(session)
    converted(legacy_database)
    convert.finish(legacy_database, CHAIN)
    session.execute(legacy.save(legacy.FIRST.replace(year=2026), "NSE", 24050, 8))
    written = legacy.checksum(session)

    convert.run(legacy_database, legacy.conversion(), direction="to_plain")
    convert.finish(legacy_database, CHAIN)

    assert not legacy.is_hypertable(session)
    assert legacy.checksum(session) == written
    assert legacy.definition(session) == definition


def test_finish_leaves_nothing_behind(legacy_database: URL, session: psycopg.Connection) -> None:
    converted(legacy_database)
    convert.finish(legacy_database, CHAIN)

    left = session.execute(
        """
        SELECT c.relname
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('oi_convert_new', 'oi_convert_old')
        UNION ALL
        SELECT tgname
        FROM pg_trigger
        WHERE tgname LIKE 'oi_convert%'
        UNION ALL
        SELECT relname
        FROM pg_class
        WHERE relname LIKE 'changes%'
        """
    ).fetchall()
    assert left == []


def test_ids_go_on_where_they_were(legacy_database: URL, session: psycopg.Connection) -> None:
    converted(legacy_database)

    session.execute(legacy.save(legacy.FIRST.replace(year=2026), "NSE", 24050, 8))

    assert session.execute(
        "SELECT id FROM option_chain_snapshots WHERE timestamp >= '2026-01-01'"
    ).fetchone() == (ROWS + 1,)
    assert session.execute(
        "SELECT pg_get_serial_sequence('option_chain_snapshots', 'id')"
    ).fetchone() == ("public.option_chain_snapshots_id_seq",)


def test_the_replaced_table_can_be_left_and_the_new_one_dropped(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    converted(legacy_database)

    session.execute("DROP TABLE option_chain_snapshots")

    assert session.execute("SELECT to_regclass('option_chain_snapshots')").fetchone() == (None,)


@pytest.mark.parametrize("way", ["there", "back"])
def test_everything_that_belongs_to_the_table_is_carried(
    legacy_database: URL, session: psycopg.Connection, way: str
) -> None:
    session.execute(
        """
        COMMENT ON TABLE option_chain_snapshots IS 'history';
        COMMENT ON COLUMN option_chain_snapshots.oi IS 'open interest';
        ALTER TABLE option_chain_snapshots SET (autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE option_chain_snapshots ALTER COLUMN symbol SET STATISTICS 7;
        GRANT SELECT, INSERT ON option_chain_snapshots TO pg_monitor;
        GRANT UPDATE (oi) ON option_chain_snapshots TO PUBLIC;
        CREATE VIEW newest WITH (security_barrier = true) AS
            SELECT exchange, max(timestamp) AS at FROM option_chain_snapshots GROUP BY exchange;
        GRANT SELECT ON newest TO pg_monitor;
        CREATE PUBLICATION history FOR TABLE option_chain_snapshots;
        CREATE TABLE audit (n BIGINT);
        CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit SELECT count(*) FROM added;
            RETURN NULL;
        END $$;
        CREATE TRIGGER audited AFTER INSERT ON option_chain_snapshots
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
        """
    )

    converted(legacy_database)
    if way == "back":
        convert.undo(legacy_database, CHAIN)
    session.execute("TRUNCATE audit")
    session.execute(legacy.save(legacy.FIRST.replace(year=2026), "NSE", 24050, 8))

    facts = session.execute(
        """
        SELECT obj_description(c.oid, 'pg_class'),
               col_description(c.oid, 7),
               c.reloptions,
               has_table_privilege('pg_monitor', c.oid, 'INSERT'),
               has_column_privilege('pg_monitor', c.oid, 'oi', 'UPDATE'),
               has_column_privilege('pg_monitor', c.oid, 'ltp', 'UPDATE'),
               (SELECT reloptions FROM pg_class WHERE oid = 'newest'::REGCLASS),
               has_table_privilege('pg_monitor', 'newest', 'SELECT'),
               (SELECT max(at) FROM newest)::DATE::TEXT,
               (SELECT attstattarget FROM pg_attribute
                WHERE attrelid = c.oid AND attname = 'symbol'),
               (SELECT array_agg(n) FROM audit),
               EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = c.oid)
        FROM pg_class c
        WHERE c.oid = 'option_chain_snapshots'::REGCLASS
        """
    ).fetchone()
    assert facts == (
        "history",
        "open interest",
        ["autovacuum_vacuum_scale_factor=0.05"],
        True,
        True,
        False,
        ["security_barrier=true"],
        True,
        "2026-12-01",
        7,
        [1],
        True,
    )


def test_an_empty_table_is_converted_too(empty_database: URL) -> None:
    from tests.support.databases import connection

    with connection(empty_database) as session:
        legacy.create(session)
        session.execute("TRUNCATE option_chain_snapshots")

        result = converted(empty_database)

        assert result.rows == 0
        assert legacy.is_hypertable(session)
        session.execute(legacy.save(legacy.FIRST, "NSE", 24050, 8))
        assert legacy.checksum(session)[0] == 1
