"""Where the SQL of revisions lies: files beside them, never changed after they were released."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "scripts"

ALEMBIC_HOME = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
"""Where alembic.ini lies, the folder of revisions beside it: of a wheel within this package."""

_FOLDER = ALEMBIC_HOME / "alembic" / "versions" / "sql"


def sql_file(name: str) -> Path:
    """The path of `<name>.sql`, whether it is there or not."""
    return _FOLDER / f"{name}.sql"


def sql_files(name: str) -> list[Path]:
    """`<name>.sql`, or in order all files of the folder `<name>`.

    Raises FileNotFoundError where there is neither.
    """
    folder = _FOLDER / name
    paths = sorted(folder.glob("*.sql")) if folder.is_dir() else [sql_file(name)]
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        raise FileNotFoundError(folder)
    return paths
