"""Online conversion as Alembic asks for it: `context.configure(timescale_converter=…)`."""

from dataclasses import dataclass, replace

from sqlalchemy import Engine, MetaData

from db.convert import facts, request, state
from db.convert.cleanup import has_leftovers, sweep
from db.convert.control import run
from db.convert.ending import finish, undo
from db.convert.errors import BlockedError
from db.convert.facts import TableFacts
from db.convert.model import Direction, Job, OnProgress, Phase, RunOptions
from db.convert.news import news
from db.convert.session import connect, install, is_installed
from db.timescale.converter import Conversion


@dataclass(frozen=True)
class OnlineConverter:
    """Implements db.timescale.converter.Converter: nobody who uses the table has to stop.

    Indexes that `metadata` declares are built along, so that the revision that adds them later
    finds them there instead of keeping writers waiting. The replaced table stays, in step, until
    `python -m db convert finish`; going back while it is there takes its place again, later it is
    a conversion of its own. Rows that the new table cannot hold stop it before its swap unless
    `quarantines` lets them be kept apart.
    """

    metadata: MetaData | None = None
    options: RunOptions | None = None
    on_progress: OnProgress | None = None
    quarantines: bool = False

    def convert(self, engine: Engine, conversion: Conversion) -> None:
        """Make the plain table a hypertable; return when it has been swapped."""
        self._reach(engine, conversion, "to_hypertable")

    def has_begun(self, engine: Engine, conversion: Conversion) -> bool:
        """Whether a run was stopped and left the plain table captured, or another beside it."""
        with connect(engine.url) as connection:
            if not is_installed(connection):
                return False
            table = facts.named(connection, conversion.spec.table)
            is_open = state.open_job(connection, table.schema, table.name) is not None
            return is_open or has_leftovers(connection, table.schema, table.name)

    def revert(self, engine: Engine, conversion: Conversion) -> None:
        """Make the hypertable a plain table with all rows and the old keys and indexes."""
        self._reach(engine, conversion, "to_plain")

    def _reach(self, engine: Engine, conversion: Conversion, direction: Direction) -> None:
        name = conversion.spec.table
        with connect(engine.url) as connection:
            install(connection)
            table = facts.named(connection, name)
            job = state.open_job(connection, table.schema, table.name)
        if job is not None and job.direction != direction:
            self._turn_back(engine, name, job)
            with connect(engine.url) as connection:
                table = facts.named(connection, name)
                job = None
        if job is None and table.is_hypertable == (direction == "to_hypertable"):
            # one that was killed as it had ended may have left the other table
            with connect(engine.url) as connection:
                sweep(connection, table.schema, table.name)
            return
        result = run(
            engine.url,
            conversion,
            direction=direction,
            options=self._options(table),
            on_progress=self.on_progress,
        )
        if result.phase is not Phase.SWAPPED:
            raise BlockedError(
                f"The conversion of {result.table} is {result.phase}; swap or undo it, then run "
                "this again."
            )

    def _is_one_way(self, engine: Engine, job: Job) -> bool:
        """Whether exchanging both tables again would not lead to what is asked for."""
        if job.direction == "to_plain":
            # what the plain table was made from may be older than the keys asked for now
            return True
        with connect(engine.url) as connection:
            return bool(news(connection, job))

    def _options(self, table: TableFacts) -> RunOptions:
        options = replace(self.options or RunOptions(), quarantines=self.quarantines)
        if self.metadata is None:
            return options
        return replace(options, ahead=request.indexes_ahead(self.metadata, table))

    def _turn_back(self, engine: Engine, name: str, job: Job) -> None:
        """The open conversion went the other way: its way back leads where we want to be."""
        if job.phase is Phase.SWAPPED and self._is_one_way(engine, job):
            finish(engine.url, name)
        else:
            undo(engine.url, name, self.on_progress)
