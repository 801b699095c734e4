"""Traces by OpenTelemetry, where an address is set: a span a request, and in it what it did.

To be begun after a fork: what exports them is a thread.
"""

from collections.abc import Callable
from time import time_ns
from typing import TYPE_CHECKING, Any

from app.telemetry.timing import Operation, listen
from db.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

EndRequest = Callable[[str, int], None]
"""Ends a request's span, given its route and status."""

_NS = 1_000_000_000
_MISSING = (
    "OI_OTLP_ENDPOINT is set, and what sends traces is not installed: it is the extra `tracing`."
)


class Tracing:
    """Sends what was timed; `service` is what the traces are told to be of.

    Raises SettingsError where the libraries are not installed.
    """

    def __init__(self, endpoint: str, service: str, exporter: "SpanExporter | None" = None) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(_MISSING) from error
        resource = Resource.create({"service.name": f"oi-gemini-{service}"})
        self._provider = TracerProvider(resource=resource)
        sender = exporter or OTLPSpanExporter(endpoint=endpoint)
        self._provider.add_span_processor(BatchSpanProcessor(sender))
        self._tracer = self._provider.get_tracer("oi")
        self._end_listening = listen(self._ended)

    def begin_request(self) -> EndRequest:
        """Begin the span of a request; the answer ends it."""
        from opentelemetry import context, trace

        span = self._tracer.start_span("request", kind=trace.SpanKind.SERVER)
        token = context.attach(trace.set_span_in_context(span))

        def end(route: str, status: int) -> None:
            context.detach(token)
            span.update_name(route)
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(trace.StatusCode.ERROR)
            span.end()

        return end

    def close(self) -> None:
        """Send what waits, and end."""
        self._end_listening()
        self._provider.shutdown()

    def _ended(self, operation: Operation) -> None:
        """A span of what has just ended on this thread, within the request that it belongs to."""
        from opentelemetry import trace

        if operation.kind in ("route", "age"):
            return
        end = time_ns()
        attributes: dict[str, Any] = {"oi.kind": operation.kind}
        if operation.size is not None:
            attributes["oi.size"] = operation.size
        span = self._tracer.start_span(
            operation.name,
            start_time=end - int(operation.duration_s * _NS),
            attributes=attributes,
        )
        if operation.failed:
            span.set_status(trace.StatusCode.ERROR)
        span.end(end_time=end)
