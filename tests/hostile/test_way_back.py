"""What an owner builds at head is carried on the way back, or named before anything is changed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from db import convert, migrate
from db.ahead import HostileDatabaseError
from tests.hostile.states import state
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import contents, legacy_database

CHAIN = "option_chain_snapshots"
KEY = 'exchange, "timestamp", strike, option_type'

# what is in the way → what its owner is told of it
CASES = {
    "foreign key": (
        "CREATE TABLE referring (e text, t timestamp, s float8, o text, CONSTRAINT to_chain "
        f"FOREIGN KEY (e, t, s, o) REFERENCES option_chain_snapshots ({KEY}))",
        "Foreign keys refer to it (to_chain on referring)",
    ),
    "materialized view": (
        "CREATE MATERIALIZED VIEW totals AS SELECT sum(oi) FROM option_chain_snapshots",
        "Materialized views read it (totals)",
    ),
    "function": (
        "CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql "
        "BEGIN ATOMIC SELECT count(*) FROM option_chain_snapshots; END",
        "Functions are bound to its row type (how_many())",
    ),
    "view of history": (
        "CREATE VIEW old_rows AS SELECT * FROM option_chain_snapshots_history",
        "View old_rows depends on option_chain_snapshots_history, which goes",
    ),
    "view of a rollup": (
        "CREATE VIEW minutes AS SELECT * FROM oi_1m",
        "View minutes depends on oi_1m, which goes",
    ),
    "view of the live edge": (
        "CREATE MATERIALIZED VIEW latest AS SELECT * FROM option_chain_latest",
        "Materialized view latest depends on option_chain_latest, which goes",
    ),
    "row security": (
        "ALTER TABLE macro_signals ENABLE ROW LEVEL SECURITY",
        "macro_signals: Row security is on",
    ),
}

BUILT = """
    ALTER TABLE option_chain_snapshots
        ADD COLUMN mine int NOT NULL DEFAULT 5, ADD CHECK (strike > -1);
    UPDATE option_chain_snapshots SET mine = 7 WHERE exchange = 'NSE';
    CREATE INDEX mine_idx ON option_chain_snapshots (mine, "timestamp");
    COMMENT ON COLUMN option_chain_snapshots.oi IS 'as the exchange counts';
    CREATE FUNCTION changing() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.oi := -1; RETURN NEW; END';
    CREATE TRIGGER changing BEFORE INSERT ON option_chain_snapshots FOR EACH ROW
        EXECUTE FUNCTION changing();
    GRANT SELECT ON option_chain_snapshots TO PUBLIC
"""
FOUND = """
    SELECT (SELECT array_agg(DISTINCT (exchange, mine)::text) FROM option_chain_snapshots),
           (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'changing'),
           (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c'),
           to_regclass('mine_idx')::text,
           col_description(c.oid, 7),
           has_table_privilege('pg_monitor', c.oid, 'SELECT'),
           (SELECT count(*) FROM timescaledb_information.hypertables AS h
            WHERE h.hypertable_schema = 'public')
    FROM pg_class AS c
    WHERE c.oid = 'option_chain_snapshots'::regclass
"""


@pytest.fixture(scope="module")
def refusal(server: DatabaseServer) -> Iterator[str]:
    """What is said of a database at head that holds all of it; it is left as it was."""
    with server.owned_database("extension") as url:
        legacy_database(url)
        migrate.upgrade(url)
        with connection(url) as session:
            for statement, _ in CASES.values():
                session.execute(statement)
        admin = server.url(url.database or "")
        before = state(admin)
        with pytest.raises(HostileDatabaseError) as raised:
            migrate.downgrade(url, "base")
        assert state(admin) == before
        yield str(raised.value)


@pytest.mark.parametrize("case", CASES)
def test_what_stands_in_the_way_back_is_named_before_anything_is_changed(
    refusal: str, case: str
) -> None:
    assert CASES[case][1] in refusal


def test_what_was_built_on_a_table_since_is_carried_back(hostile: URL) -> None:
    """Exchanging both tables again would lose all of it."""
    before = contents(hostile)
    migrate.upgrade(hostile)
    with connection(hostile) as session:
        session.execute(BUILT)
        with pytest.raises(convert.BlockedError, match="column mine"):
            convert.undo(hostile, CHAIN)

    migrate.downgrade(hostile, "base")

    with connection(hostile) as session:
        found = session.execute(FOUND).fetchone()
        assert found == (
            ["(BSE,5)", "(NSE,7)"],
            1,
            1,
            "mine_idx",
            "as the exchange counts",
            True,
            0,
        )
        session.execute(
            "ALTER TABLE option_chain_snapshots DROP COLUMN mine;"
            "DROP TRIGGER changing ON option_chain_snapshots"
        )
    assert contents(hostile) == before
