"""The scripts of the rollup engine, each of which may be run again at any time."""

from importlib.resources import files

from db.timescale.sqltext import Fragment, compose, literal, raw

VERSION = 2

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

_STAMP = """INSERT INTO timescale_engine.version (version)
SELECT {version}
WHERE NOT EXISTS (SELECT FROM timescale_engine.version AS v WHERE v.version = {version})"""

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


def install_statements() -> list[Fragment]:
    """What installs the engine or brings it to this version; refuses to replace a newer one."""
    folder = files("db.timescale.engine")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    version = literal(VERSION)
    return [
        compose(_GUARD, version=version),
        *(raw(_script(folder.joinpath(name).read_text("utf-8"))) for name in names),
        compose(_STAMP, version=version),
    ]


def remove_statement() -> Fragment:
    """What takes the engine out of a database; refuses while rollups are registered."""
    return raw(_REMOVE)


def _script(text: str) -> str:
    return text.strip().removesuffix(";")
