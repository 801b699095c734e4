"""Traces: a span a request, within it the statements that it asked."""

from contextlib import closing

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from app.telemetry.timing import Operation, ended
from app.telemetry.tracing import Tracing


def test_what_a_request_does_is_within_its_span() -> None:
    spans = InMemorySpanExporter()
    with closing(Tracing("http://127.0.0.1:1/v1/traces", "web", spans)) as tracing:
        end = tracing.begin_request()
        ended(Operation("query", "chain.latest", 0.002, size=41))
        ended(Operation("query", "broken", 0.001, failed=True))
        end("GET /api/data/<exchange>", 503)
        ended(Operation("step", "alone", 0.5))
    found = {span.name: span for span in spans.get_finished_spans()}
    request = found["GET /api/data/<exchange>"]
    assert request.kind is SpanKind.SERVER
    assert request.status.status_code is StatusCode.ERROR
    assert request.resource.attributes["service.name"] == "oi-gemini-web"
    read = found["chain.latest"]
    assert read.parent is not None
    assert read.parent.span_id == request.context.span_id
    assert read.attributes is not None
    assert read.attributes["oi.size"] == 41
    assert read.end_time is not None
    assert read.start_time is not None
    assert read.end_time - read.start_time == 2_000_000
    assert found["broken"].status.status_code is StatusCode.ERROR
    assert found["alone"].parent is None


def test_nothing_is_traced_after_the_end() -> None:
    spans = InMemorySpanExporter()
    tracing = Tracing("http://127.0.0.1:1/v1/traces", "web", spans)
    tracing.close()
    ended(Operation("query", "chain.latest", 0.002))
    assert spans.get_finished_spans() == ()
