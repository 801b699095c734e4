"""The telemetry of the collector, as its command begins and ends it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextmanager
def collecting(engine: "Engine") -> Iterator[None]:
    """Time what is done within; with metrics on a port where one is set.

    Raises SettingsError for objectives, a webhook or a port that make no sense.
    """
    from app.desk.operations import ring
    from app.desk.paper.reading import EngineBooks
    from app.telemetry.exposed import Exposed
    from app.telemetry.process import Telemetry
    from app.telemetry.upkeep import Upkeep
    from db.loading import load
    from db.settings import settings

    # the collector's threads begin with different parts of it
    load()
    chosen, books = settings(), EngineBooks(engine)
    with ExitStack() as stack:
        telemetry = Telemetry("collector", books, chosen, ring(chosen.operations_webhook_url))
        stack.enter_context(closing(telemetry))
        telemetry.probes.append(Upkeep(books).look)
        if chosen.collector_metrics_port:
            port, token = chosen.collector_metrics_port, chosen.metrics_token
            stack.enter_context(closing(Exposed(telemetry.exposition, chosen.host, port, token)))
        telemetry.start()
        yield
