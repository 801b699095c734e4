"""Running the SQL that belongs to one revision."""

from alembic.operations import Operations

from db.revision_files import sql_files
from db.timescale.execution import Executor
from db.timescale.sqltext import raw


def run_sql(operations: Operations, name: str) -> None:
    """Execute `<name>.sql`, or in order all files of the folder `<name>`, of alembic/versions/sql.

    Raises FileNotFoundError where there is neither.
    """
    executor = Executor.of(operations)
    for path in sql_files(name):
        executor.run(raw(path.read_text(encoding="utf-8")), label=path.stem)
