"""A table becomes a hypertable and returns with all that hung on it."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.timescale.converter import Conversion
from db.timescale.errors import SpecError, TimescaleError
from db.timescale.specs import HypertableSpec, declare
from tests.timescale.project import Project
from tests.timescale.test_autogenerate import DAY, readings

LADEN = """
CREATE ROLE {role};
CREATE TABLE readings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  serial serial,
  taken_at timestamp NOT NULL,
  sensor text NOT NULL DEFAULT 'none' CHECK (sensor <> ''),
  celsius float,
  fahrenheit float GENERATED ALWAYS AS (celsius * 1.8 + 32) STORED
) WITH (fillfactor = 90);
COMMENT ON TABLE readings IS 'what the sensors say';
COMMENT ON COLUMN readings.celsius IS 'in the shade';
CREATE TABLE sensors (name text PRIMARY KEY);
INSERT INTO sensors SELECT 's' || i FROM generate_series(0, 2) AS s (i);
ALTER TABLE readings ADD FOREIGN KEY (sensor) REFERENCES sensors;
CREATE INDEX readings_sensor ON readings (sensor);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON readings FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER silent BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE readings DISABLE TRIGGER silent;
ALTER TABLE readings REPLICA IDENTITY FULL;
CREATE VIEW warm AS SELECT id, sensor, celsius FROM readings WHERE celsius > 20;
CREATE VIEW warmer AS SELECT * FROM warm WHERE celsius > 30;
COMMENT ON VIEW warm IS 'pleasant';
CREATE TRIGGER kept INSTEAD OF DELETE ON warm FOR EACH ROW EXECUTE FUNCTION touch();
GRANT SELECT ON readings, warmer TO {role};
GRANT UPDATE (celsius) ON readings TO {role} WITH GRANT OPTION;
INSERT INTO readings (taken_at, sensor, celsius)
SELECT TIMESTAMP '2026-01-01' + make_interval(hours => i), 's' || i % 3, i
FROM generate_series(1, 80) AS s (i);
"""

CREATE = """
op.create_hypertable(
    "readings",
    time_column="taken_at",
    chunk_interval=datetime.timedelta(days=1),
    unique_keys=[UniqueKey(name="readings_key", columns=("id", "taken_at"), primary=True)],
    drop_constraints={"readings_pkey": "PRIMARY KEY (id)"},
)
"""

EVERYTHING = """
SELECT 'column' AS what, attname::text AS name,
       jsonb_build_array(format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
                         pg_get_expr(adbin, adrelid), attacl::text,
                         col_description(attrelid, attnum)) AS state
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'readings'::regclass AND attnum > 0
UNION ALL
SELECT 'index', indexrelid::regclass::text, to_jsonb(pg_get_indexdef(indexrelid))
FROM pg_index WHERE indrelid = 'readings'::regclass
UNION ALL
SELECT 'constraint', conname, to_jsonb(pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = 'readings'::regclass
UNION ALL
SELECT 'trigger', tgname, jsonb_build_array(pg_get_triggerdef(oid), tgenabled)
FROM pg_trigger WHERE tgrelid IN ('readings'::regclass, 'warm'::regclass) AND NOT tgisinternal
UNION ALL
SELECT 'relation', relname,
       jsonb_build_array(relreplident, relacl::text, relowner::regrole, reloptions,
                         obj_description(oid), CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END)
FROM pg_class WHERE relname IN ('readings', 'warm', 'warmer')
UNION ALL
SELECT 'sequence', objid::regclass::text, to_jsonb(deptype)
FROM pg_depend JOIN pg_class ON oid = objid AND relkind = 'S'
WHERE refobjid = 'readings'::regclass AND deptype IN ('a', 'i')
UNION ALL
SELECT 'rows', 'readings', to_jsonb(md5(string_agg(r::text, ',' ORDER BY id))) FROM readings AS r
UNION ALL
SELECT 'rows', 'warmer', to_jsonb(count(*)) FROM warmer
ORDER BY 1, 2
"""


CHANGING = """
CREATE TABLE readings (id int, taken_at timestamp NOT NULL, celsius float);
INSERT INTO readings SELECT i, TIMESTAMP '2026-01-01' + make_interval(hours => i), i
FROM generate_series(1, 30) AS s (i);
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF NEW.id > 20 THEN RETURN NULL; END IF; NEW.celsius := -1; RETURN NEW; END';
CREATE TRIGGER changing BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION change();
"""


def test_triggers_of_the_owner_do_not_run_over_rows_that_are_there(project: Project) -> None:
    project.execute(CHANGING)
    project.write(
        """
        op.create_hypertable(
            "readings", time_column="taken_at", chunk_interval=datetime.timedelta(days=1)
        )
        """,
        "pass",
    )
    project.upgrade()
    assert project.rows("SELECT count(*), sum(celsius) FROM readings") == [(30, 465.0)]
    project.execute("INSERT INTO readings VALUES (5, '2026-01-03', 5), (25, '2026-01-03', 25)")
    assert project.rows("SELECT count(*), sum(celsius) FROM readings") == [(31, 464.0)]


def test_everything_on_a_table_survives_the_way_there_and_back(project: Project) -> None:
    role = (project.url.database or "") + "_reader"
    project.execute(LADEN.replace("{role}", role))
    project.write(CREATE, CREATE.replace("create_hypertable", "drop_hypertable"))
    try:
        before = project.rows(EVERYTHING)
        project.upgrade()
        assert project.rows("SELECT count(*) FROM show_chunks('readings')") == [(4,)]
        project.downgrade()
        assert project.rows(EVERYTHING) == before
        project.execute("INSERT INTO readings (taken_at, sensor) VALUES (now(), 's1')")
        assert project.rows("SELECT max(id), max(serial) FROM readings") == [(81, 81)]
    finally:
        project.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.mark.parametrize(
    ("dependent", "named"),
    [
        ("CREATE MATERIALIZED VIEW kept AS SELECT * FROM readings", "public.kept"),
        (
            "CREATE TABLE notes (at timestamptz, sensor text,"
            " FOREIGN KEY (at, sensor) REFERENCES readings (taken_at, sensor))",
            "public.notes",
        ),
        ("CREATE POLICY mine ON readings USING (sensor = current_user)", "public.readings"),
    ],
)
def test_what_cannot_be_carried_is_named_and_nothing_is_changed(
    project: Project, dependent: str, named: str
) -> None:
    project.execute(
        """
        CREATE TABLE readings (taken_at timestamptz, sensor text, UNIQUE (taken_at, sensor));
        SELECT create_hypertable('readings', by_range('taken_at'));
        """
        + dependent
    )
    call = (
        'op.drop_hypertable("readings", time_column="taken_at",'
        " chunk_interval=datetime.timedelta(days=7))"
    )
    project.write(call, "pass")
    with pytest.raises(DBAPIError, match=named):
        project.upgrade()
    assert project.rows("SELECT count(*) FROM timescaledb_information.hypertables") == [(1,)]


def test_a_dimension_is_not_taken_at_the_price_of_policies(project: Project) -> None:
    project.execute(
        """
        CREATE TABLE readings (taken_at timestamptz NOT NULL, sensor text NOT NULL);
        SELECT create_hypertable('readings', by_range('taken_at'));
        SELECT add_dimension('readings', by_hash('sensor', 2));
        """
    )
    project.write(
        'op.add_retention_policy("readings", drop_after=datetime.timedelta(days=9000))\n'
        'op.drop_dimension("readings", column="sensor", partitions=2)',
        "pass",
    )
    if project.rows("SHOW timescaledb.license") == [("timescale",)]:
        with pytest.raises(TimescaleError, match="would lose policy_retention"):
            project.upgrade()
        assert project.rows("SELECT count(*) FROM timescaledb_information.dimensions") == [(2,)]
    else:
        project.upgrade()
        assert project.rows("SELECT count(*) FROM timescaledb_information.dimensions") == [(1,)]
        assert project.rows("SELECT target FROM timescale_engine.policy") == [("public.readings",)]


def test_an_existing_hypertable_is_adopted(project: Project) -> None:
    project.execute(
        """
        CREATE TABLE readings (id bigserial PRIMARY KEY, taken_at timestamptz NOT NULL);
        ALTER TABLE readings DROP CONSTRAINT readings_pkey;
        SELECT create_hypertable('readings', by_range('taken_at', INTERVAL '7 days'));
        """
    )
    project.write(CREATE, "pass")
    project.upgrade()
    assert project.rows("SELECT time_interval FROM timescaledb_information.dimensions") == [(DAY,)]
    assert project.rows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'readings_key'"
    ) == [("PRIMARY KEY (id, taken_at)",)]


def test_a_hypertable_on_another_time_column_is_refused(project: Project) -> None:
    project.execute(
        """
        CREATE TABLE readings (made_at timestamptz NOT NULL, taken_at timestamptz NOT NULL);
        SELECT create_hypertable('readings', by_range('made_at'));
        """
    )
    project.write(
        'op.create_hypertable("readings", time_column="taken_at",'
        " chunk_interval=datetime.timedelta(days=1))",
        "pass",
    )
    with pytest.raises(SpecError, match="is a hypertable on made_at already"):
        project.upgrade()


@dataclass
class Recorder:
    """A converter that only notes what it was asked for."""

    calls: list[tuple[str, Conversion, bool]] = field(default_factory=list)

    def convert(self, engine: Engine, conversion: Conversion) -> None:
        self._note("convert", engine, conversion)

    def revert(self, engine: Engine, conversion: Conversion) -> None:
        self._note("revert", engine, conversion)

    def _note(self, name: str, engine: Engine, conversion: Conversion) -> None:
        with engine.connect() as connection:
            locks = connection.execute(
                sa.text("SELECT count(*) FROM pg_locks WHERE relation = 'readings'::regclass")
            ).scalar()
        self.calls.append((name, conversion, locks == 0))


def test_a_populated_table_is_given_to_the_converter_outside_a_transaction(
    project: Project,
) -> None:
    converter = project.options["timescale_converter"] = Recorder()
    project.execute(
        """
        CREATE TABLE readings (id bigserial PRIMARY KEY, taken_at timestamptz NOT NULL);
        INSERT INTO readings (taken_at) VALUES (now());
        """
    )
    project.write(
        'op.add_column("readings", sa.Column("note", sa.Text), if_not_exists=True)\n' + CREATE,
        CREATE.strip().replace("create_hypertable", "drop_hypertable"),
    )
    project.upgrade()
    ((name, conversion, is_free),) = converter.calls
    assert (name, is_free) == ("convert", True)
    assert conversion.spec == HypertableSpec(
        table="readings", time_column="taken_at", chunk_interval=DAY
    )
    assert conversion.drop_constraints == {"readings_pkey": "PRIMARY KEY (id)"}
    assert [key.name for key in conversion.unique_keys] == ["readings_key"]
    project.execute(
        """
        ALTER TABLE readings DROP CONSTRAINT readings_pkey;
        SELECT create_hypertable('readings', by_range('taken_at'), migrate_data => true);
        """
    )
    project.downgrade()
    assert [call[0] for call in converter.calls] == ["convert", "revert"]
    assert converter.calls[1][1] == conversion


def test_an_empty_table_needs_no_converter(project: Project) -> None:
    converter = project.options["timescale_converter"] = Recorder()
    project.execute("CREATE TABLE readings (id bigserial, taken_at timestamptz NOT NULL)")
    project.write(CREATE, CREATE.strip().replace("create_hypertable", "drop_hypertable"))
    project.upgrade()
    project.downgrade()
    assert converter.calls == []


@pytest.mark.parametrize("is_index", [True, False])
def test_a_declared_key_without_the_time_column_is_refused_when_written(
    project: Project, is_index: bool
) -> None:
    table = readings(project.metadata)
    if is_index:
        sa.Index("readings_sensor", table.c.sensor, unique=True)
    else:
        table.append_constraint(sa.UniqueConstraint("sensor"))
    declare(
        project.metadata,
        HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY),
    )
    with pytest.raises(SpecError, match="must contain taken_at"):
        project.autogenerate("never")
