"""Where spans go: to a collector by OTLP over HTTP, and to a file of the data folder.

The provider is oO's own and not the process' global one: what libraries would write into spans,
such as prompts, does not pass through here. Imported only where traces are wanted.
"""

import logging
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    ReadableSpan,
    Span,
    SpanLimits,
    SpanProcessor,
    SynchronousMultiSpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import SpanContext, set_tracer_provider
from opentelemetry.trace.status import StatusCode

from oo.kit import tracing
from oo.kit.setting_groups import Tracing
from oo.kit.trace_files import TraceFile

log = logging.getLogger(__name__)

SCOPE = "oo"
FILE_EVERY_MS = 500  # so that `oo trace` finds what has just been
COLLECTOR_EVERY_MS = 2000
QUEUED = 4096  # spans; what is more is dropped, and nobody waits for it
HELD = 2000  # spans of one run of a job
LIMITS = SpanLimits(
    max_span_attributes=32, max_links=tracing.MOST_CAUSES, max_span_attribute_length=200
)


def start(how: Tracing, data_dir: Path, part: str, *, libraries: bool = False) -> None:
    """Have this process trace, if the settings say so.

    With `libraries`, spans that a library makes below oO's come along. It is for vLLM's, which
    hold times and numbers of tokens.
    """
    processor = SynchronousMultiSpanProcessor()  # type: ignore[no-untyped-call]  # theirs
    if how.file:
        exporter = FileExporter(TraceFile(data_dir, part))
        processor.add_span_processor(_batches(exporter, FILE_EVERY_MS))
    if how.endpoint:
        headers = {name: it.get_secret_value() for name, it in how.headers.items()}
        collector = OTLPSpanExporter(how.traces_url, headers=headers)
        processor.add_span_processor(_batches(collector, COLLECTOR_EVERY_MS))
    if how.is_on:
        made = provider(part, WithoutIdleRuns(processor))
        tracing.trace_with(made.get_tracer(SCOPE), how.ratio)
    if how.is_on and libraries:
        # what is not below one of ours, such as the loading of a model, is not wanted
        set_tracer_provider(provider(part, processor, ParentBased(ALWAYS_OFF)))


def provider(part: str, processor: SpanProcessor, sampler: Sampler = ALWAYS_ON) -> TracerProvider:
    """What makes spans of `part`: which of them, :mod:`oo.kit.tracing` has chosen."""
    made = TracerProvider(sampler, resource_of(part), span_limits=LIMITS)
    made.add_span_processor(processor)
    return made


def _batches(exporter: SpanExporter, every_ms: int) -> BatchSpanProcessor:
    return BatchSpanProcessor(exporter, QUEUED, schedule_delay_millis=every_ms)


def resource_of(part: str) -> Resource:
    """What a process is called in traces."""
    return Resource.create(
        {
            "service.name": f"oo-{part}",
            "service.namespace": "oo",
            "service.version": metadata.version("oo"),
        }
    )


class WithoutIdleRuns(SpanProcessor):
    """Passes spans on; those of a job's run that did nothing are dropped with it.

    Jobs look every few seconds whether there is something to do: that would be most of all spans.
    """

    def __init__(self, then: SpanProcessor) -> None:
        self._then = then
        self._held: dict[int, list[ReadableSpan]] = {}  # by trace, while the run goes on

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """See SpanProcessor."""
        if span.parent is None and tracing.JOB in (span.attributes or {}):
            self._held[span.get_span_context().trace_id] = []

    def on_end(self, span: ReadableSpan) -> None:
        """See SpanProcessor."""
        trace_id = _context(span).trace_id
        held = self._held.get(trace_id)
        if held is None:
            self._then.on_end(span)
            return
        if len(held) < HELD or span.parent is None:
            held.append(span)
        if span.parent is None:
            del self._held[trace_id]
            if (span.attributes or {}).get(tracing.DONE) != 0:
                for one in held:
                    self._then.on_end(one)

    def shutdown(self) -> None:
        """See SpanProcessor."""
        self._then.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """See SpanProcessor."""
        return self._then.force_flush(timeout_millis)


class FileExporter(SpanExporter):
    """Writes spans to a file of the data folder."""

    def __init__(self, file: TraceFile) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        if not spans:
            return SpanExportResult.SUCCESS
        try:
            self._file.append(as_json(spans))
        except OSError as error:
            log.warning("traces were not kept: %s", error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def as_json(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """Spans of one process as OTLP's JSON has them."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(spans[0].resource.attributes)},
                "scopeSpans": [{"scope": {"name": SCOPE}, "spans": [_span(it) for it in spans]}],
            }
        ]
    }


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = _context(span)
    found: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
    }
    if span.parent is not None:
        found["parentSpanId"] = f"{span.parent.span_id:016x}"
    if span.links:
        found["links"] = [
            {"traceId": f"{it.context.trace_id:032x}", "spanId": f"{it.context.span_id:016x}"}
            for it in span.links
        ]
    if span.status.status_code is StatusCode.ERROR:
        found["status"] = {"code": 2}
    return found


def _context(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None  # noqa: S101 - whatever was begun has one
    return found


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case _:
            return {"arrayValue": {"values": [_value(it) for it in value]}}
