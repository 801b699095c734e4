"""The telemetry of one process, put together."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from app.telemetry import metrics, statements, timing
from app.telemetry.alarms import Alarms, Books, Burning
from app.telemetry.metrics import Reading
from app.telemetry.objectives import objectives
from app.telemetry.recorder import Recorder, Sink
from app.telemetry.samples import Sampler
from app.telemetry.slow import SlowLog
from app.telemetry.steps import Steps
from app.telemetry.tracing import EndRequest, Tracing
from db.settings import Settings

Gauges = Callable[[], Iterable[Reading]]


class Telemetry:
    """Recorder, sampler, alarms and steps of a process; unstarted until somebody needs them.

    `gauges` are asked for the present state once an interval and whenever metrics are read;
    `probes` are called once an interval, to time what does not happen by itself. `ring` is told
    when an objective begins to burn and when it has recovered. Raises SettingsError for a file of
    objectives that makes no sense.
    """

    def __init__(
        self,
        service: str,
        books: Books,
        settings: Settings,
        ring: Callable[[Burning], None],
    ) -> None:
        self._service = service
        self._otlp_endpoint = settings.otlp_endpoint
        self._tracing: Tracing | None = None
        self._starting = Lock()
        self.objectives = objectives(settings.objectives_file)
        self.steps = Steps()
        slow = SlowLog(settings.slow_after_s, books.newest if settings.slow_plans == "on" else None)
        sinks: Sequence[Sink] = (metrics.count, slow)
        self.recorder = Recorder(self.objectives.within_s, sinks)
        self.alarms = Alarms(self.objectives, books, ring)
        self.gauges: list[Gauges] = [self._own]
        self.probes: list[Callable[[], None]] = []
        self.sampler = Sampler(
            self.recorder, service, books.writing, probe=self._probe, after=self._look
        )
        self._ends = [timing.listen(self.recorder.note), statements.follow()]
        self._has_started = self._is_closed = False

    def enter(self) -> EndRequest | None:
        """A request begins, and with the first of them everything: what ends its span, if any."""
        if not self._has_started:
            self.start()
        return None if self._tracing is None else self._tracing.begin_request()

    def start(self) -> None:
        """Begin to store samples, once; does nothing afterwards."""
        with self._starting:
            if self._has_started or self._is_closed:
                return
            # only here, after any fork: what exports traces is a thread too
            if self._otlp_endpoint is not None:
                self._tracing = Tracing(self._otlp_endpoint, self._service)
            self.sampler.start()
            self._has_started = True

    def exposition(self) -> bytes:
        """What Prometheus reads, as of now."""
        self.recorder.count()
        self._show()
        return metrics.exposition()

    def close(self) -> None:
        """End all threads; what ends from now on is told to nobody here."""
        with self._starting:
            self._is_closed = True
        ends, self._ends = self._ends, []
        for end in ends:
            end()
        self.steps.close()
        self.sampler.close()
        self.recorder.close()
        if self._tracing is not None:
            self._tracing.close()

    def _probe(self) -> None:
        for probe in self.probes:
            probe()

    def _look(self) -> None:
        self.alarms.look()
        self._show()

    def _show(self) -> None:
        for gauges in self.gauges:
            metrics.show(gauges())

    def _own(self) -> Iterable[Reading]:
        yield Reading("oi_operations_lost", self.recorder.lost)
        yield Reading("oi_samples_waiting", self.sampler.waiting)
        is_open = {each.objective for each in self.alarms.open}
        for budget in self.alarms.budgets:
            name = budget.objective.id
            yield Reading("oi_objective_burning", name in is_open, (name,))
            for window, spent in budget.spent.items():
                burn = spent.burn(budget.objective)
                if burn is not None:
                    yield Reading("oi_objective_burn", burn, (name, window))
