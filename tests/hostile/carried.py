"""Databases that nobody expected and that an upgrade goes through, made of the old program's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg import sql
from sqlalchemy import URL

from tests.support.databases import DatabaseServer, connection

# a role's or a database's settings, and what is in the database already; {role} is its owner
STARTS: Mapping[str, tuple[str, ...]] = {
    "as the old program left it": (),
    "defaults of the role": (
        "ALTER ROLE {role} SET default_transaction_isolation = serializable",
        "ALTER ROLE {role} SET default_transaction_read_only = on",
        "ALTER ROLE {role} SET DateStyle = 'German'",
        "ALTER ROLE {role} SET IntervalStyle = 'sql_standard'",
        "ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1ms'",
        "ALTER ROLE {role} SET idle_session_timeout = '100ms'",
        "ALTER ROLE {role} SET statement_timeout = '1ms'",
        "ALTER ROLE {role} SET lock_timeout = '1ms'",
    ),
    "search path with another schema first": (
        "CREATE SCHEMA app AUTHORIZATION {role}",
        "CREATE TABLE app.option_chain_snapshots (id int)",
        "CREATE TABLE app.alembic_version (version_num text)",
        "ALTER ROLE {role} SET search_path = app, public",
    ),
    "triggers that change rows": (
        "SET ROLE {role}",
        "CREATE FUNCTION changing() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN IF NEW.strike > 0 THEN NEW.oi := -1; END IF; RETURN NEW; END'",
        "CREATE TRIGGER changing BEFORE INSERT ON option_chain_snapshots FOR EACH ROW "
        "EXECUTE FUNCTION changing()",
        "CREATE TRIGGER changing_some BEFORE UPDATE OF oi ON option_chain_snapshots FOR EACH ROW "
        "WHEN (NEW.strike < 0) EXECUTE FUNCTION changing()",
    ),
    "what hangs on a table": (
        "SET ROLE {role}",
        "ALTER TABLE option_chain_snapshots ADD CHECK (strike > -1)",
        "CREATE SCHEMA archive",
        "CREATE VIEW mine AS SELECT id, oi FROM option_chain_snapshots",
        "CREATE VIEW of_mine AS SELECT count(*) AS n FROM mine",
        "CREATE INDEX mine_idx ON option_chain_snapshots (lower(symbol)) WHERE oi > 0",
        "CREATE TABLE venues (name text PRIMARY KEY)",
        "INSERT INTO venues SELECT DISTINCT exchange FROM option_chain_snapshots",
        "ALTER TABLE option_chain_snapshots ADD CONSTRAINT of_venue FOREIGN KEY (exchange) "
        "REFERENCES venues",
        "COMMENT ON COLUMN option_chain_snapshots.oi IS 'as the exchange counts'",
        "ALTER TABLE option_chain_snapshots ALTER COLUMN symbol SET STATISTICS 500",
        "ALTER TABLE macro_signals SET (autovacuum_enabled = false)",
        "ALTER TABLE macro_signals ALTER COLUMN usdinr SET DEFAULT 90",
        "GRANT SELECT ON vix_term_structure TO PUBLIC",
    ),
    "numbers that are none": (
        "UPDATE option_chain_snapshots SET ltp = 'NaN', underlying_price = 'Infinity' "
        "WHERE id % 7 = 0",
        "UPDATE option_chain_snapshots SET iv = 'NaN', volume = NULL, oi = NULL WHERE id % 5 = 0",
        "UPDATE ml_features SET underlying_future_oi = 'NaN', vix = '-Infinity'",
        "UPDATE macro_signals SET usdinr = 1e308, crude_price = 'NaN'",
    ),
}


@contextmanager
def made(server: DatabaseServer, url: URL, start: str) -> Iterator[None]:
    """A database of the old program becomes one of these; its owner's role is its own again."""
    role = sql.Identifier(server.role("owner")[0])
    with connection(server.url(url.database or "")) as session:
        for statement in STARTS[start]:
            session.execute(sql.SQL(statement).format(role=role))
    try:
        yield
    finally:
        with connection(server.admin_url) as session:
            session.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
