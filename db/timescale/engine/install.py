"""The one installer of the engine: its tables, what upgrades them, and every function.

An installation is told from another by the hash of its scripts. Tables are made as they once were
and then brought up step by step; functions are replaced as a whole, and only name what they use in
texts, so that nothing of the engine holds back an update of the extension.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from db.timescale.sqltext import Fragment, compose, dollar_quoted, joined, literal, raw

# the newest of the scripts under upgrades/
VERSION = 4

_FOLDER = "db.timescale.engine"

# the inner IF is parsed only where its table is there
_GUARD = """DO $guard$
BEGIN
    IF to_regclass('timescale_engine.version') IS NOT NULL THEN
        IF (SELECT max(v.version) FROM timescale_engine.version AS v) > {version} THEN
            RAISE EXCEPTION 'The rollup engine in this database is newer than this program: %',
                'use the program that installed it, or a later one.';
        END IF;
    END IF;
END
$guard$"""

_UPGRADE = """DO $upgrade$
BEGIN
    IF coalesce((SELECT max(v.version) FROM timescale_engine.version AS v), 0) < {version} THEN
        EXECUTE {script};
    END IF;
END
$upgrade$"""

_STAMP = """WITH replaced AS (
    DELETE FROM timescale_engine.version AS v
    WHERE (v.version, v.scripts) IS DISTINCT FROM ({version}, {scripts})
)
INSERT INTO timescale_engine.version (version, scripts)
SELECT {version}, {scripts}
WHERE NOT EXISTS (
    SELECT FROM timescale_engine.version AS v WHERE (v.version, v.scripts) = ({version}, {scripts})
)"""

# what FROM CURRENT means in the scripts: names as they were declared, then the extension's own
SET_PATH = raw(
    """SELECT
    set_config('timescale_engine.path', current_setting('search_path'), true),
    set_config(
        'search_path',
        concat_ws(
            ', ',
            quote_ident(coalesce(current_schema(), 'public')),
            CASE
                WHEN n.nspname <> coalesce(current_schema(), 'public') THEN quote_ident(n.nspname)
            END,
            'pg_temp'
        ),
        true
    )
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'timescaledb'"""
)
RESET_PATH = raw("SELECT set_config('search_path', current_setting('timescale_engine.path'), true)")

# trigger functions that are there follow the scripts; their tables are not locked for that
_REWRITE = raw("SELECT timescale_engine.write_logger(s) FROM timescale_engine.source AS s")

_REMOVE = """DO $remove$
BEGIN
    IF to_regclass('timescale_engine.rollup') IS NOT NULL THEN
        IF EXISTS (SELECT FROM timescale_engine.rollup) THEN
            RAISE EXCEPTION 'Rollups are still there: drop them before the rollup engine.';
        END IF;
    END IF;
    DROP SCHEMA IF EXISTS timescale_engine CASCADE;
END
$remove$"""


def install_script() -> Fragment:
    """What installs the engine or brings it to this version, as one batch of statements.

    All of it or nothing is done, also outside a transaction; a newer engine is not replaced.
    """
    version = literal(VERSION)
    tables, *functions = _scripts()
    return joined(
        [
            compose(_GUARD, version=version),
            _statement(tables),
            *_upgrades(),
            SET_PATH,
            *map(_statement, functions),
            RESET_PATH,
            _REWRITE,
            compose(_STAMP, version=version, scripts=literal(scripts_hash())),
        ],
        ";\n\n",
    )


def function_texts() -> list[str]:
    """The scripts that make functions, in order."""
    return [script.read_text("utf-8") for script in _scripts()[1:]]


@cache
def scripts_hash() -> str:
    """What tells this engine from every other one."""
    found = sha256()
    for script in (*_scripts(), *_sql_files("upgrades")):
        found.update(f"{script.name}\n{script.read_text('utf-8')}\n".encode())
    return found.hexdigest()[:16]


def remove_statement() -> Fragment:
    """What takes the engine out of a database; refuses while rollups are registered."""
    return raw(_REMOVE)


def _upgrades() -> Iterator[Fragment]:
    for script in _sql_files("upgrades"):
        yield compose(
            _UPGRADE,
            version=literal(int(script.name.removesuffix(".sql"))),
            script=dollar_quoted(script.read_text("utf-8")),
        )


def _scripts() -> list[Traversable]:
    return _sql_files()


def _sql_files(*folder: str) -> list[Traversable]:
    found = files(_FOLDER).joinpath(*folder).iterdir()
    return sorted((f for f in found if f.name.endswith(".sql")), key=lambda file: file.name)


def _statement(script: Traversable) -> Fragment:
    return raw(script.read_text("utf-8").strip().removesuffix(";"))
