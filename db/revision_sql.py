"""SQL that belongs to one revision: files beside it, never changed after it was released."""

from pathlib import Path

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.sqltext import raw

_FOLDER = Path(__file__).resolve().parent.parent / "alembic" / "versions" / "sql"


def run_sql(operations: Operations, name: str) -> None:
    """Execute `<name>.sql`, or in order all files of the folder `<name>`, of alembic/versions/sql.

    Raises FileNotFoundError where there is neither.
    """
    executor = Executor.of(operations)
    for path in sql_files(name):
        executor.run(raw(path.read_text(encoding="utf-8")), label=path.stem)


def sql_files(name: str) -> list[Path]:
    """The files that `run_sql` would execute."""
    folder = _FOLDER / name
    paths = sorted(folder.glob("*.sql")) if folder.is_dir() else [_FOLDER / f"{name}.sql"]
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        raise FileNotFoundError(_FOLDER / name)
    return paths
