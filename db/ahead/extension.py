"""The extension, made by the first upgrade where the server offers it and the role may."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from db.baseline.steps import require_recognized
from db.migrate import current_revision
from db.timescale.progress import notice

# what the server loads is told to few; the attempt itself shows it then
_CAN_BE_MADE = text(
    """
    SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
           AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
           AND NOT pg_is_in_recovery()
           AND coalesce(
               (
                   SELECT s.setting LIKE '%timescaledb%'
                   FROM pg_settings AS s
                   WHERE s.name = 'shared_preload_libraries'
               ),
               true
           ) AS can_be_made
    """
)


@contextmanager
def with_extension(engine: Engine) -> Iterator[None]:
    """Makes it for the old program's database; where the block fails before any revision, it goes.

    Where it cannot be made nothing is said: the check of the server that follows has the sentence.
    """
    made = _make(engine)
    try:
        yield
    except BaseException:
        if made:
            _take_back(engine)
        raise


def _make(engine: Engine) -> bool:
    with _committing(engine) as connection:
        if not connection.execute(_CAN_BE_MADE).scalar_one():
            return False
        require_recognized(connection)
    # a session of its own: it must be the first that it does
    with _committing(engine) as connection:
        try:
            connection.execute(text("CREATE EXTENSION timescaledb"))
        except DBAPIError:
            return False
    notice("extension timescaledb: created")
    return True


def _take_back(engine: Engine) -> None:
    with suppress(DBAPIError), _committing(engine) as connection:
        if current_revision(connection) is None:
            connection.execute(text("DROP EXTENSION timescaledb"))


@contextmanager
def _committing(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")
