"""Where the SQL of revisions lies: files beside them, never changed after they were released."""

import re
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "scripts"

ALEMBIC_HOME = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
"""Where alembic.ini lies, the folder of revisions beside it: of a wheel within this package."""

VERSIONS = ALEMBIC_HOME / "alembic" / "versions"
_FOLDER = VERSIONS / "sql"
_DECLARED = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(.+)$", re.MULTILINE)


def newest_revisions(versions: Path = VERSIONS) -> list[str]:
    """The revisions that no other one builds on, read from the files that declare them.

    Alembic would load all revisions for that, and itself: half a second of each web worker.
    """
    known, built_on = set(), set()
    for path in sorted(versions.glob("*.py")):
        declared = {name: set(ids) for name, ids in _declared(path)}
        known |= declared["revision"]
        built_on |= declared["down_revision"]
    return sorted(known - built_on)


def _declared(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in _DECLARED.findall(path.read_text(encoding="utf-8")):
        ids = literal_eval(value)
        # one, several, or none before the first
        yield name, (ids,) if isinstance(ids, str) else tuple(ids or ())


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
