"""Pooled engines, made on first use: for writing, for reading, and for what needs a session.

Every connection carries an application name and timeouts. A writer plans each statement with its
instants as constants (`plan_cache_mode = force_custom_plan`), so that all chunks but one are
excluded. A reader leaves the choice to the server: a key lookup costs less than its plan, so that
plan is kept, while a statement on many chunks is dearer without constants and planned each time
(https://www.postgresql.org/docs/current/runtime-config-query.html). Replicas are `db.replicas`'s.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

# loaded with this module: two threads that make their first engines at once would each load it,
# and one of them find it half there; by its package, which another thread may be loading
import sqlalchemy.dialects.postgresql  # noqa: F401
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool

from db import gentle, links, parts, pooler, syncing, watch, watched
from db.driver_errors import raise_if_unavailable
from db.errors import NoConnectionFreeError, OIError
from db.once import once
from db.pool import Pool
from db.settings import Settings, settings
from db.urls import for_reading
from db.writeback import Fetch, Row

# a kept plan holds the watermarks of rollups as they were when it was made: it stays right, but
# reads more and more from their source, so that no plan should grow old
_KEEP_PLANS_S = 600
_MS = 1000


@once
def write_engine() -> Engine:
    """The engine of this process for writing."""
    return engine_for(database_url(), settings=settings())


@once
def direct_engine(*, read_only: bool = False) -> Engine:
    """The engine of this process for what needs a session of its own; never a pooler's."""
    return engine_for(direct_url(), settings=settings(), read_only=read_only)


@once
def newest_engine() -> Engine:
    """The engine of this process for reads that must see the newest commit; never a replica."""
    return engine_for(database_url(), settings=settings(), read_only=True)


def database_url() -> URL:
    """The configured database, else the local server's; raises ServerError if that is not there.

    The dashboard and the collector sign in with the rights they need, where that is set up.
    """
    part = parts.present()
    chosen = settings()
    configured = (part == "web" and chosen.web_database_url) or chosen.database_url
    if configured:
        return configured
    from db import server

    url: URL = server.url(part)
    return url


def direct_url() -> URL:
    """The database without a pooler between, for announcements and for whole sessions."""
    return settings().database_direct_url or database_url()


def engine_for(
    url: URL,
    *,
    settings: Settings | None = None,
    read_only: bool = False,
    application_name: str = "oi-gemini",
) -> Engine:
    """A pooled engine on `url`; a connection that is lost raises DatabaseUnavailableError.

    One that only reads commits each statement by itself, which saves two round trips a read; who
    needs one snapshot for several asks its connection for REPEATABLE READ. Where the settings name
    the server itself apart, what stands at any other URL is a pooler.
    """
    chosen = settings or Settings()
    is_pooled = chosen.database_direct_url not in (None, url)
    options = _server_options(chosen, read_only)
    engine = create_engine(
        (for_reading(url) if read_only else url).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT" if read_only and not is_pooled else None,
        poolclass=Pool,
        pool_recycle=_KEEP_PLANS_S if read_only else -1,
        pool_pre_ping=True,
        pool_size=chosen.pool_size,
        max_overflow=chosen.pool_overflow,
        pool_timeout=chosen.pool_wait_s,
        pool_use_lifo=True,
        # what queries see of it: `db.queries.statements.is_left_out`
        execution_options={"without": chosen.without},
        connect_args={
            **links.parameters(
                connect_timeout_s=chosen.connect_timeout_s, silence_s=chosen.link_timeout_s
            ),
            "application_name": application_name,
            **(
                pooler.PARAMETERS
                if is_pooled
                else {"options": gentle.options(options, gentle.given(url))}
            ),
        },
    )
    if is_pooled:
        pooler.set_in_each_transaction(engine, options, read_only=read_only)
    # a writer's statements may take as long as they need: some lift the server's own limit
    patience_s = chosen.statement_timeout_s + chosen.link_timeout_s if read_only else None
    _link(engine, patience_s, chosen.connect_timeout_s, read_only=read_only)
    return translate_losses(watched.watch(engine, "read" if read_only else "write"))


def _link(engine: Engine, patience_s: float | None, ping_s: float, *, read_only: bool) -> None:
    """Give up a link whose answer is overdue: a statement's, and sooner that to a pool's ping."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        link: links.Link[Any] = links.Link.connect(*arguments, **options)
        link.patience_s = patience_s
        link.only_reads = read_only
        return link

    @event.listens_for(engine, "checkin")
    def rest(link: Any, _record: Any) -> None:
        if link is not None:
            link.patience_s = ping_s

    @event.listens_for(engine, "checkout")
    def work(link: Any, _record: Any, _proxy: Any) -> None:
        link.patience_s = patience_s


def single_engine(url: URL) -> Engine:
    """An engine for one look: a connection at a time, closed after use."""
    return translate_losses(
        create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            connect_args={
                "options": gentle.options(
                    {**gentle.SETTLED, "statement_timeout": "0"}, gentle.given(url)
                )
            },
        )
    )


def translate_losses(engine: Engine) -> Engine:
    """Let a lost connection of `engine` raise DatabaseUnavailableError; returns the engine."""
    event.listen(engine, "handle_error", _translate)
    return engine


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection of `engine`; raises DatabaseUnavailableError, for a full pool too."""
    began = perf_counter()
    try:
        connection = engine.connect()
    except OIError:
        watch.connection_waited(began, failed=True)
        raise
    except PoolTimeoutError as exc:
        watch.connection_waited(began, failed=True)
        raise NoConnectionFreeError(
            f"No database connection became free within {_wait_s(engine):g} s."
        ) from exc
    watch.connection_waited(began)
    with connection:
        yield connection


def warm(engine: Engine) -> None:
    """Open the connections that the engine keeps, before a burst wants them.

    Raises DatabaseUnavailableError where none can be had.
    """
    pool = engine.pool
    with ExitStack() as held:
        for _ in range(pool.size() if isinstance(pool, QueuePool) else 0):
            held.enter_context(connected(engine))


def _wait_s(engine: Engine) -> float:
    return engine.pool.timeout() if isinstance(engine.pool, QueuePool) else 0.0


def fetching(connection: Connection) -> Fetch:
    """A query's first row, for who need not know of which driver it comes."""

    def fetch(query: str) -> Row | None:
        row = connection.execute(text(query)).mappings().first()
        return dict(row) if row else None

    return fetch


@contextmanager
def synced(engine: Engine) -> Iterator[None]:
    """Keep the server's file systems synced until the block ends, where this machine has them."""
    # asked on a connection of its own, as a query begins a transaction
    with connected(engine) as connection:
        directories = syncing.file_systems(fetching(connection))
    with syncing.synced(directories):
        yield


def _server_options(chosen: Settings, read_only: bool) -> dict[str, str]:
    options = {
        **gentle.SETTLED,
        "plan_cache_mode": "auto" if read_only else "force_custom_plan",
        "statement_timeout": str(chosen.statement_timeout_s * _MS),
        "idle_in_transaction_session_timeout": str(chosen.idle_in_transaction_timeout_s * _MS),
        "default_transaction_read_only": "on" if read_only else "off",
        # nothing here is worth compiling: the longest read takes milliseconds
        "jit": "off",
    }
    if read_only:
        # what screens ask for is in memory: following the key of a chain beats reading all chains
        options["random_page_cost"] = "1.1"
    return options


def _translate(context: ExceptionContext) -> None:
    """Turn every way of losing the database into one error, but let the pool replace the dead."""
    if context.is_pre_ping:
        return
    raise_if_unavailable(context.original_exception, context.is_disconnect)
