"""Stores what was counted, every few seconds, on a thread of its own; then looks at the objectives.

While the database is away the newest samples wait in memory, at most half an hour of them.
"""

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.telemetry.recorder import Recorder
from app.telemetry.tallies import INTERVAL_S, Figures
from app.worker import Worker
from db.loading import load

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.trouble import Trouble
    from db.ingest.performance import Sample

_LOG = logging.getLogger("oi.telemetry")
MOST_WAITING = 10_000
_BATCH = 1000
# the objectives are known soon after the start
_FIRST_S = 3.0

Writing = Callable[[], "AbstractContextManager[Connection]"]


class Sampler:
    """Stores a recorder's figures; `writing` gives a transaction.

    `probe` is asked first, once an interval: it times what does not happen by itself. `after` is
    called once an interval's samples are stored.
    """

    def __init__(
        self,
        recorder: Recorder,
        service: str,
        writing: Writing,
        *,
        probe: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._recorder = recorder
        self._service = service
        self._process = f"{socket.gethostname()}:{os.getpid()}"
        self._writing = writing
        self._probe = probe
        self._after = after
        self._interval_s = interval_s
        self._waiting: deque[Sample] = deque(maxlen=MOST_WAITING)
        self._trouble: Trouble | None = None
        self._worker = Worker("samples", self._turn, first_pause_s=min(_FIRST_S, interval_s))

    def start(self) -> None:
        """Begin."""
        self._worker.start()

    def close(self) -> None:
        """End after the turn that is under way; what was not stored by then is not."""
        self._worker.close()

    @property
    def waiting(self) -> int:
        """How many samples wait for the database."""
        return len(self._waiting)

    def sample(self) -> None:
        """Close an interval and store what there is; raises the errors of a missing database."""
        self._waiting.extend(self._samples(self._recorder.close_interval()))
        self._store()

    def _turn(self) -> float:
        load()
        try:
            try:
                self._probe()
            finally:
                # an interval ends, whatever could not be looked at
                self.sample()
            self._after()
        except Exception as error:  # whoever is measured goes on, whatever fails here
            self._troubles().met(error)
        else:
            self._troubles().over()
        return self._interval_s

    def _troubles(self) -> "Trouble":
        # it brings what the first page need not wait for
        from app.trouble import Trouble

        if self._trouble is None:
            self._trouble = Trouble(_LOG, "samples are not stored", "samples are stored again")
        return self._trouble

    def _store(self) -> None:
        from db.ingest.performance import write_samples

        while self._waiting:
            batch = [self._waiting[place] for place in range(min(_BATCH, len(self._waiting)))]
            with self._writing() as connection:
                write_samples(connection, batch)
            # only now, as they are committed
            for _ in batch:
                self._waiting.popleft()

    def _samples(self, found: Iterable[Figures]) -> "Iterable[Sample]":
        from db.ingest.performance import Sample

        now = datetime.now(UTC)
        for each in found:
            yield Sample(
                sampled_at=now,
                service=self._service,
                process=self._process,
                kind=each.kind,
                name=each.name,
                operations=each.count,
                failures=each.failures,
                bad=each.bad,
                total_ms=each.total_ms,
                max_ms=each.max_ms,
                p95_ms=each.p95_ms,
                size=each.size,
            )
