"""Running the SQL that belongs to one revision."""

from alembic.operations import Operations

from db.revision_files import sql_files
from db.timescale.execution import Executor
from db.timescale.sqlfiles import made_by
from db.timescale.sqltext import raw


def run_sql(operations: Operations, name: str) -> None:
    """Execute `<name>.sql`, or in order all files of the folder `<name>`, of alembic/versions/sql.

    Raises FileNotFoundError where there is neither.
    """
    executor = Executor.of(operations)
    for path in sql_files(name):
        executor.run(raw(path.read_text(encoding="utf-8")), label=path.stem)


def restore_sql(operations: Operations, *names: str) -> None:
    """Make the functions, then the triggers of an earlier revision's files as they were.

    Nothing else of those files is executed. Raises FileNotFoundError where one is missing.
    """
    executor = Executor.of(operations)
    paths = [path for name in names for path in sql_files(name)]
    made = made_by(path.read_text(encoding="utf-8") for path in paths)
    for routine in made.routines:
        executor.run(raw(routine.statement), label=f"restoring {routine.name[1]}")
    for trigger in made.triggers:
        executor.run(raw(trigger.statement), label=f"restoring {trigger.name}")
