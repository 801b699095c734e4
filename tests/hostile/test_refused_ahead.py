"""What an upgrade cannot go through is named before anything is changed, in one message."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from sqlalchemy import URL

from db import migrate
from db.ahead import HostileDatabaseError
from db.cli.convert import command
from tests.hostile.states import state
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import legacy_database

NOTHING = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
ROW = "INSERT INTO %s (timestamp, exchange) VALUES ('%s', 'NSE')"
COUNTED = """
    INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol, token, oi)
    VALUES ('2026-11-20 15:00', 'NSE', 1, 'CE', 'S', 1, 9000000000000000000)
"""

# what is in the way → what its owner is told of it
CASES: dict[str, tuple[tuple[str, ...], str]] = {
    # names
    # though it is empty, the way back would take it along
    "schema live_edge": (("CREATE SCHEMA live_edge",), "The schema live_edge is there"),
    "schema archive": (
        ("CREATE SCHEMA archive", "CREATE TABLE archive.option_chain_snapshots (id int)"),
        "The schema archive is there",
    ),
    "schema oi_convert": (
        ("CREATE SCHEMA oi_convert", "CREATE TABLE oi_convert.conversion (id int)"),
        "The schema oi_convert is there",
    ),
    "schema timescale_engine": (
        ("CREATE SCHEMA timescale_engine", "CREATE TABLE timescale_engine.version (id int)"),
        "The schema timescale_engine is there",
    ),
    "rollup's name": (("CREATE MATERIALIZED VIEW oi_1m AS SELECT 1 AS one",), "public.oi_1m has"),
    "key's name": (
        ("CREATE SEQUENCE option_chain_snapshots_key",),
        "public.option_chain_snapshots_key has a name that is needed here",
    ),
    "table's name": (("CREATE TYPE alerts AS ENUM ('a')",), "public.alerts has a name"),
    "function's name": (
        ("CREATE FUNCTION market_now() RETURNS int LANGUAGE sql AS 'SELECT 1'",),
        "public.market_now() has a name",
    ),
    # what hangs on a table
    "materialized view": (
        ("CREATE MATERIALIZED VIEW totals AS SELECT sum(oi) FROM option_chain_snapshots",),
        "Materialized views read it (totals)",
    ),
    "view grouped by the key": (
        (
            "CREATE VIEW grouped AS SELECT id, symbol, count(*) FROM option_chain_snapshots "
            "GROUP BY id",
        ),
        "rule _RETURN on view grouped",
    ),
    "view of whole rows": (
        ("CREATE VIEW whole AS SELECT c AS row_of_it FROM option_chain_snapshots AS c",),
        "column row_of_it of view whole",
    ),
    "policy of another table": (
        (
            "CREATE TABLE others (id int)",
            "CREATE POLICY seen ON others USING (id IN (SELECT id FROM option_chain_snapshots))",
        ),
        "policy seen on table others",
    ),
    "rule of another table": (
        (
            "CREATE TABLE ruled (id int)",
            "CREATE RULE also AS ON DELETE TO ruled DO ALSO DELETE FROM "
            "option_chain_snapshots WHERE strike = 0",
        ),
        "rule also on table ruled",
    ),
    "function with parsed body": (
        (
            "CREATE FUNCTION rows_now() RETURNS bigint LANGUAGE sql "
            "BEGIN ATOMIC SELECT count(*) FROM option_chain_snapshots; END",
        ),
        "Functions are bound to its row type (rows_now())",
    ),
    "column of its row type": (
        ("CREATE TABLE holders (held option_chain_snapshots[])",),
        "column held of table holders",
    ),
    "foreign key to it": (
        ("CREATE TABLE referring (chain int REFERENCES option_chain_snapshots)",),
        "Foreign keys refer to it",
    ),
    "foreign key to itself": (
        (
            "ALTER TABLE option_chain_snapshots ADD CONSTRAINT itself FOREIGN KEY (token) "
            "REFERENCES option_chain_snapshots (id) NOT VALID",
        ),
        "constraint itself on table option_chain_snapshots",
    ),
    "extended statistics": (
        ("CREATE STATISTICS related ON exchange, strike FROM option_chain_snapshots",),
        "Extended statistics are kept on it (related)",
    ),
    "row security": (
        ("ALTER TABLE option_chain_snapshots ENABLE ROW LEVEL SECURITY",),
        "Row security is on",
    ),
    "rule": (
        (
            "CREATE RULE kept AS ON DELETE TO option_chain_snapshots WHERE OLD.strike = 0 DO "
            "INSTEAD NOTHING",
        ),
        "It has rules",
    ),
    "child table": (
        ("CREATE TABLE child () INHERITS (option_chain_snapshots)",),
        "is inherited from",
    ),
    "trigger that fires always": (
        (
            NOTHING,
            "CREATE TRIGGER ever AFTER INSERT ON option_chain_snapshots FOR EACH ROW EXECUTE "
            "FUNCTION nothing()",
            "ALTER TABLE option_chain_snapshots ENABLE ALWAYS TRIGGER ever",
        ),
        "The trigger ever fires on replicas or always",
    ),
    "disabled trigger": (
        (
            "CREATE TRIGGER off AFTER INSERT ON option_chain_snapshots FOR EACH ROW EXECUTE "
            "FUNCTION nothing()",
            "ALTER TABLE option_chain_snapshots DISABLE TRIGGER off",
        ),
        "Triggers are disabled (off)",
    ),
    "row trigger with a transition table": (
        (
            "CREATE TRIGGER each AFTER INSERT ON option_chain_snapshots REFERENCING NEW "
            "TABLE AS fresh "
            "FOR EACH ROW EXECUTE FUNCTION nothing()",
        ),
        "The trigger each is one of a row and reads a transition table",
    ),
    "constraint trigger": (
        (
            "CREATE CONSTRAINT TRIGGER bound AFTER INSERT ON option_chain_snapshots FOR EACH ROW "
            "EXECUTE FUNCTION nothing()",
        ),
        "The constraint trigger bound",
    ),
    "unlogged": (("ALTER TABLE macro_signals SET UNLOGGED",), "macro_signals: It is unlogged"),
    "unique without time": (
        ("CREATE UNIQUE INDEX mine ON option_chain_snapshots (exchange, id)",),
        "mine is unique without timestamp",
    ),
    # values
    "infinite time": (
        (ROW % ("ml_features", "infinity"),),
        "ml_features: 1 rows have no finite timestamp",
    ),
    "time before Christ": (
        (ROW % ("vix_term_structure", "0044-03-15 00:00:00 BC"),),
        "as 0044-03-15 00:00:00 BC",
    ),
    "time at its end": (
        (ROW % ("macro_signals", "294276-12-31"),),
        "as 294276-12-31 00:00:00",
    ),
    "time of 1970": (
        (ROW % ("order_book_depth_snapshots", "1970-01-01"),),
        "1 rows have a timestamp before 1990 or after 2100, as 1970-01-01",
    ),
    "name that no announcement takes": (
        (
            "INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol, "
            "token) VALUES ('2026-11-20 15:00', repeat('N', 8000), 1, 'CE', 'S', 1)",
        ),
        "1 rows have an exchange of more than 7,900 bytes",
    ),
    "sums that overflow": ((COUNTED,), "rows have an open interest, a volume or a price beyond"),
}

# what takes more than an owner to make
OF_ADMINS: dict[str, tuple[tuple[str, ...], str]] = {
    "publication of all tables": (
        ("CREATE PUBLICATION everything FOR ALL TABLES",),
        "The publication everything covers every table of the database",
    ),
    "publication of the schema": (
        ("CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA public",),
        "The publication whole_schema covers every table of the schema public",
    ),
    "publication of the table": (
        ("CREATE PUBLICATION vix FOR TABLE vix_term_structure",),
        "vix_term_structure: The publication vix names it",
    ),
    "publication of some rows": (
        ("CREATE PUBLICATION chains FOR TABLE option_chain_snapshots (id, strike) WHERE (id > 5)",),
        "publication of table option_chain_snapshots in publication chains",
    ),
}


@dataclass(frozen=True)
class Said:
    """What a database that holds all of it is told by `alembic upgrade` and by `plan`."""

    refusal: str
    plan: str


@pytest.fixture(scope="module")
def said(server: DatabaseServer) -> Iterator[Said]:
    """Both; the database is what it was, to the last row."""
    with server.owned_database("extension") as url:
        legacy_database(url)
        admin = server.url(url.database or "")
        made = ((url, CASES), (admin, OF_ADMINS))
        for address, cases in made:
            with connection(address) as session:
                for statements, _ in cases.values():
                    for statement in statements:
                        session.execute(statement)
        refusal = require_refused(url, admin)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("db.engine.database_url", lambda: url)
            plan = CliRunner().invoke(command, ["plan", "--json"], catch_exceptions=False)
        sentences = [line for one in json.loads(plan.stdout) for line in one["obstacles"]]
        yield Said(refusal=refusal, plan="\n".join(sentences))


def require_refused(url: URL, seen_by: URL) -> str:
    before = state(seen_by)
    with pytest.raises(HostileDatabaseError) as raised:
        migrate.upgrade(url)
    assert state(seen_by) == before
    return str(raised.value)


@pytest.mark.parametrize("case", [*CASES, *OF_ADMINS])
def test_what_stands_in_the_way_is_named_before_anything_is_changed(said: Said, case: str) -> None:
    _, words = {**CASES, **OF_ADMINS}[case]
    assert words in said.refusal


# a plan counts rows without a time apart
@pytest.mark.parametrize("case", sorted({*CASES, *OF_ADMINS} - {"infinite time"}))
def test_the_plan_names_it_too(said: Said, case: str) -> None:
    _, words = {**CASES, **OF_ADMINS}[case]
    sentence = re.sub("^(ml_features|macro_signals|vix_term_structure): ", "", words)
    assert sentence in said.plan


@contextmanager
def other_encoding(server: DatabaseServer, encoding: str) -> Iterator[URL]:
    name = f"oi_test_{encoding.lower()}_{server.timescaledb_version.replace('.', '_')}"
    with connection(server.admin_url) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
        )
    try:
        with connection(server.url(name)) as session:
            session.execute("CREATE EXTENSION timescaledb")
        yield server.url(name)
    finally:
        with connection(server.admin_url) as session:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_another_encoding_is_named(server: DatabaseServer, encoding: str) -> None:
    with other_encoding(server, encoding) as url:
        assert f"The database is encoded in {encoding}" in require_refused(url, url)
