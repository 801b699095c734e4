"""Functions, triggers and sequences declared by SQL files: made, changed, left alone, dropped."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, Table

from db.timescale.errors import SpecError
from db.timescale.specs import INFO_KEY, SqlFiles, declare
from db.timescale.sqlfiles import made_by, statements
from tests.timescale.project import Project

FIRST = """
-- a schema of its own; with a semicolon in its comment
CREATE SCHEMA IF NOT EXISTS audit;
CREATE SEQUENCE IF NOT EXISTS audit.seen;
CREATE OR REPLACE FUNCTION audit.note() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    PERFORM nextval('audit.seen'); -- 100 % of them
    RETURN NULL;
END
$body$;
CREATE OR REPLACE FUNCTION audit.kept(a integer, b text DEFAULT 'x;y') RETURNS text
LANGUAGE sql AS 'SELECT b';
CREATE OR REPLACE TRIGGER noted AFTER INSERT ON public.readings
    FOR EACH STATEMENT EXECUTE FUNCTION audit.note();
"""
SECOND = FIRST.replace("100 % of them", "every one").replace(
    "AFTER INSERT ON", "AFTER INSERT OR DELETE ON"
)


@pytest.fixture
def audited(project: Project, tmp_path: Path) -> Project:
    """A table with the files' trigger on it, declared and migrated."""
    Table("readings", project.metadata, Column("a", Integer))
    project.autogenerate("readings")
    project.upgrade()
    write(tmp_path, FIRST)
    declare(
        project.metadata,
        SqlFiles(name="audit", files=(tmp_path / "audit.sql",), schema="audit"),
    )
    return project


def write(folder: Path, text: str) -> None:
    (folder / "audit.sql").write_text(text)


def seen(project: Project) -> int:
    before = project.rows("SELECT coalesce(pg_sequence_last_value('audit.seen'), 0)")[0][0]
    project.execute("INSERT INTO readings VALUES (1); DELETE FROM readings")
    return project.rows("SELECT coalesce(pg_sequence_last_value('audit.seen'), 0)")[0][0] - before


def definitions(project: Project) -> list[tuple[Any, ...]]:
    return project.rows(
        """
        SELECT pg_get_functiondef(p.oid) AS definition
        FROM pg_proc AS p
        WHERE p.pronamespace = 'audit'::regnamespace
        UNION ALL
        SELECT pg_get_triggerdef(t.oid)
        FROM pg_trigger AS t
        WHERE t.tgrelid = 'readings'::regclass AND NOT t.tgisinternal
        ORDER BY definition
        """
    )


def test_files_are_made_changed_left_alone_and_dropped(audited: Project, tmp_path: Path) -> None:
    audited.execute("CREATE SCHEMA audit")
    text = audited.autogenerate("audit")
    assert "op.replace_sql(" in text
    audited.upgrade()
    assert audited.differences() == []
    assert seen(audited) == 1
    first = definitions(audited)

    write(tmp_path, SECOND)
    [(name, about, objects)] = audited.differences()
    assert (name, about) == ("replace_sql", "audit")
    assert objects == {
        "function audit.note()": "differs",
        "trigger noted ON public.readings": "differs",
    }
    text = audited.autogenerate("audit changed")
    assert "every one" in text
    assert "100 % of them" in text, "the old text is the downgrade"
    audited.upgrade()
    assert audited.differences() == []
    assert seen(audited) == 2

    audited.downgrade()
    assert seen(audited) == 1
    assert definitions(audited) == first
    audited.downgrade()
    assert definitions(audited) == []


def test_what_is_no_longer_declared_goes_and_comes_back(audited: Project, tmp_path: Path) -> None:
    audited.execute(FIRST)
    assert audited.differences() == []
    first = definitions(audited)
    write(tmp_path, FIRST.split("CREATE OR REPLACE FUNCTION audit.kept")[0])

    found: dict[str, Any] = audited.differences()[0][2]
    assert set(found.values()) == {"is not declared"}
    audited.autogenerate("less")
    audited.upgrade()
    assert audited.differences() == []
    audited.downgrade()
    assert definitions(audited) == first


def test_a_function_that_returns_another_type_is_made_anew(
    audited: Project, tmp_path: Path
) -> None:
    audited.execute(FIRST)
    first = definitions(audited)
    write(tmp_path, FIRST.replace("DEFAULT 'x;y') RETURNS text", "DEFAULT 'x;y') RETURNS varchar"))

    audited.autogenerate("another type")
    audited.upgrade()
    assert audited.differences() == []
    audited.downgrade()
    assert definitions(audited) == first


def test_a_script_holds_the_texts(audited: Project) -> None:
    audited.autogenerate("audit")

    script = audited.offline()

    assert "CREATE OR REPLACE FUNCTION audit.note()" in script
    assert "100 % of them" in script
    assert script.index("FUNCTION audit.note()") < script.index("CREATE TRIGGER noted")


def test_statements_end_where_sql_ends_them() -> None:
    assert [s.split()[2] for s in statements(FIRST)] == [
        "IF",
        "IF",
        "REPLACE",
        "REPLACE",
        "REPLACE",
    ]
    assert list(statements("SELECT ';' AS \";\"; -- end;\n\nSELECT 2")) == [
        "SELECT ';' AS \";\"",
        "SELECT 2",
    ]


def test_names_are_read_as_the_server_reads_them() -> None:
    made = made_by(
        [
            "CREATE FUNCTION F() RETURNS int LANGUAGE sql AS $$SELECT 1$$;"
            'CREATE PROCEDURE "My Own"."Do"() LANGUAGE sql AS $$$$;'
            'CREATE CONSTRAINT TRIGGER "T" AFTER UPDATE OF a ON "My Own".t DEFERRABLE'
            " FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION F();"
        ]
    )
    assert [routine.name for routine in made.routines] == [("public", "f"), ("My Own", "Do")]
    (trigger,) = made.triggers
    assert (trigger.name, trigger.table, trigger.routine) == ("T", ("My Own", "t"), ("public", "f"))
    assert " ON pg_temp.t DEFERRABLE" in trigger.placed_in("pg_temp")
    assert trigger.placed_in("pg_temp").endswith("EXECUTE FUNCTION pg_temp.f()")


def test_two_declarations_of_one_name_are_refused(project: Project) -> None:
    spec = SqlFiles(name="audit", files=())
    declare(project.metadata, spec)
    with pytest.raises(SpecError, match="declared twice"):
        declare(project.metadata, spec)
    assert project.metadata.info[INFO_KEY] == [spec]
